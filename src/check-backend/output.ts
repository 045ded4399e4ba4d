/** The streams to which a command writes. */
export interface Output {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** 0: all is well; 1: something is not; 2: the command could not be carried out. */
export type ExitCode = 0 | 1 | 2
