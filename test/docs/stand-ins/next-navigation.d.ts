// What docs/guards.md uses of Next's App Router, which cannot be installed beside this lock file.
export function useRouter(): {
  push(href: string): void
  replace(href: string): void
  refresh(): void
}
