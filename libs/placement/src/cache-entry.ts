type CopyState =
  /** It has its place, but the bytes of those it displaced are not gone yet. */
  'waiting' | 'loading' | 'loaded';

export type CacheEntry = {
  readonly id: string;
  /** Predicted until it is loaded, then its true size. */
  readonly units: number;
  /** Nothing is known of models of its type yet: it may turn out far smaller. */
  readonly isGuess?: boolean;
  /** As large as models of its type have been; absent: `units` is exact, or all that can be said. */
  readonly mostUnits?: number;
  /** Epoch milliseconds. */
  readonly lastUsed: number;
  readonly state: CopyState;
};

/** A model that lost its place. */
export type Eviction = {
  readonly id: string;
  readonly units: number;
  readonly lastUsed: number;
  /** What to say to `unloaded` once the runtime has let go of it; absent: the runtime never had it. */
  readonly unload?: number;
};

export type Refusal = 'present' | 'too-large' | 'newer-models' | 'churn';

export type Admission =
  | { readonly kind: 'begin'; readonly evicted: readonly Eviction[] }
  /** Has its place; `takeReady` says when it begins. */
  | { readonly kind: 'wait'; readonly evicted: readonly Eviction[] }
  /** Cannot be said before a running load has ended whose size is only guessed. */
  | { readonly kind: 'later' }
  | { readonly kind: 'refused'; readonly reason: Refusal };

export type Arrival = Omit<CacheEntry, 'state'>;
