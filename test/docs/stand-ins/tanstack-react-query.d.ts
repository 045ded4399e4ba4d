// What docs/guards.md uses of TanStack Query 5, which is not installed here.
export function useQuery<Data>(options: {
  readonly queryKey: readonly unknown[]
  readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<Data>
}): { readonly data: Data | undefined; readonly error: Error | null; readonly isPending: boolean }
