/** Puts an entry at the end of a map that remembers so many, and forgets the one that has been quiet for longest. */
export function setLast<Value>(map: Map<string, Value>, key: string, value: Value, maximum: number): void {
  map.delete(key)
  const first = map.keys().next()
  if (map.size >= maximum && !first.done) map.delete(first.value)
  map.set(key, value)
}
