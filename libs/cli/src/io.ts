/** What a command has of the world beside files and clusters. */
export type Io = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdin: () => Promise<string>;
  /** The state folder of the sandbox to which commands refer by default. */
  readonly sandbox?: string;
  /** Ends a command that runs until it is interrupted. */
  readonly signal?: AbortSignal;
};
