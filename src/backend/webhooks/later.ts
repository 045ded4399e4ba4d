/** Does some work after so many seconds, once for any number of calls meanwhile. A process that ends does not wait for it. */
export function createLater(seconds: number): (id: string, work: () => Promise<unknown>) => void {
  const waiting = new Set<string>()
  return (id, work) => {
    if (waiting.has(id)) return
    waiting.add(id)
    const timer: unknown = setTimeout(() => {
      waiting.delete(id)
      void work()
    }, seconds * 1000)
    ;(timer as { readonly unref?: () => void }).unref?.()
  }
}
