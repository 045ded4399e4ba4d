/** True when a title is the one that is written in a test file, or one of its cases. */
export function isCase(written: string, title: string): boolean {
  if (written === title) return true
  const pattern = written
    .split(/%[sijdfo#]|\$\w+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*')
  return new RegExp(`^${pattern}$`, 's').test(title)
}
