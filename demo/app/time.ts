const format = (options: Intl.DateTimeFormatOptions) => {
  const formatter = new Intl.DateTimeFormat('en-GB', options)
  return (epochSeconds: number): string => formatter.format(new Date(epochSeconds * 1000))
}

/** A day, as people write it. */
export const day: (epochSeconds: number) => string = format({ dateStyle: 'long' })

/** A day and its time, as people write them. */
export const moment: (epochSeconds: number) => string = format({ dateStyle: 'medium', timeStyle: 'short' })

/** The same to the second: two connections of one minute differ. */
export const instant: (epochSeconds: number) => string = format({ dateStyle: 'medium', timeStyle: 'medium' })
