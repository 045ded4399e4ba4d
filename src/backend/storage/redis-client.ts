/** The part of a `redis` client (version 5 or later) that `redisStore` uses. */
export interface RedisClient {
  hmGet(key: string, fields: string[]): Promise<(string | null)[]>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  del(key: string): Promise<number>
  /** Waits until replicas have what this client has written: for the option `wait`. */
  wait?(replicas: number, milliseconds: number): Promise<unknown>
  /** Lists keys, for `reseal`: a client of one server has it. */
  scanIterator?(options: { MATCH: string; COUNT: number }): AsyncIterable<string | readonly string[]>
}
