/** A number of [0, 1) that depends on these integers alone: what one of them stands for can be left out without moving the others. */
export function draw(...integers: readonly number[]): number {
  let hash = 0x9e3779b9
  for (const integer of integers) {
    hash = Math.imul(hash ^ (integer | 0), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash = (hash ^ (hash >>> 16)) + 0x6d2b79f5
  }
  return (hash >>> 0) / 2 ** 32
}

/** One of a list, by a number of [0, 1). */
export const choose = <T>(list: readonly T[], at: number): T => list[Math.floor(at * list.length)] as T
