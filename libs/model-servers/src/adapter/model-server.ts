import type { RuntimeStatusResponse } from '@meshkeeper/modelmesh';
import type { Schema } from '../layout/schema.ts';

/** A model as it lies on disk, before it is laid out for its server. */
export type LocalModel = {
  readonly id: string;
  /** Lower-cased, without what follows a colon: `sklearn`. */
  readonly type: string;
  /** Absolute; a file or a folder. */
  readonly path: string;
  readonly schema: Schema | undefined;
};

/** One kind of model server: how it wants its files, and how it is asked to load them. */
export type ModelServer = {
  /** As messages name it. */
  readonly name: string;
  /** Below the model root; what it reads models from. */
  readonly folder: string;
  /** Names in the model root and in `folder` that no purge removes. */
  readonly keep?: readonly string[];
  readonly methodInfos: RuntimeStatusResponse['methodInfos'];
  /** Lays out the model for its server, in a place of its own. @throws Error with what is wrong with the files */
  adapt(model: LocalModel): Promise<void>;
  /** Answers once the model serves. @throws ServerError or ClientError with the server's code */
  load(id: string, signal: AbortSignal): Promise<void>;
  /** An unknown id is no failure. */
  unload(id: string): Promise<void>;
  /** Removes what `adapt` made. */
  discard(id: string): Promise<void>;
  /** What the server says of itself; undefined while it cannot load. Never rejects. */
  ready(): Promise<{ readonly version?: string } | undefined>;
  /** Unloads all that the server has. */
  purge(): Promise<void>;
  /** Bytes of memory that a loaded model takes, if the server reports them. Otherwise the size on disk is used. */
  measure?(id: string): Promise<number | undefined>;
  stop(): Promise<void>;
};

/** A path of protobuf field numbers to the string that names the model. */
export const NAMED_BY_FIRST_FIELD = { idInjectionPath: [1] };

export const V2_METHODS: ModelServer['methodInfos'] = {
  'inference.GRPCInferenceService/ModelInfer': NAMED_BY_FIRST_FIELD,
  'inference.GRPCInferenceService/ModelMetadata': NAMED_BY_FIRST_FIELD,
};
