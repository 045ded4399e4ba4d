'use client'
import * as React from 'react'
import type { Clock } from '../../platform/clock.js'
import { duration } from '../flow/duration.js'

/** The time of day of a moment: epoch milliseconds. */
export const timeOf = (at: number): string => new Date(at).toLocaleTimeString()

/** A date and time: epoch seconds. */
export const dateOf = (seconds: number | undefined): string =>
  seconds === undefined ? 'not known' : new Date(seconds * 1000).toLocaleString()

/** How long it is until a moment, or was since: epoch seconds both. */
export const untilMoment = (seconds: number, now: number): string =>
  seconds >= now ? `in ${duration((seconds - now) * 1000)}` : `${duration((now - seconds) * 1000)} ago`

/** The present time in epoch seconds; it goes on every second while the component is shown. */
export function useNow(clock: Clock): number {
  const [now, setNow] = React.useState(clock.now)
  React.useEffect(() => {
    let stop = (): void => undefined
    const tick = (): void => {
      setNow(clock.now())
      stop = clock.after(1, tick)
    }
    stop = clock.after(1, tick)
    return () => stop()
  }, [clock])
  return now
}

/** What a promise gives, asked for again whenever `read` or `trigger` is another; what was there before stays until then. */
export function useRead<T>(read: () => Promise<T>, trigger?: unknown): T | undefined {
  const [value, setValue] = React.useState<T>()
  React.useEffect(() => {
    let isCurrent = true
    read().then(
      (next) => {
        if (isCurrent) setValue(next)
      },
      () => undefined,
    )
    return () => {
      isCurrent = false
    }
  }, [read, trigger])
  return value
}
