import type {
  CallBudget,
  DeletionBrake,
  EffectLog,
  EventSink,
  Gathered,
  GatherRequest,
  KubeReader,
  KubeWriter,
  LiveReader,
  MeshModels,
  MeshRecords,
  SecretCopier,
  SnapshotContext,
} from '@meshkeeper/domain';
import type { Logger } from '@meshkeeper/process';
import type { WriteMetrics } from '@meshkeeper/metrics';

/** All that a run reaches the world through. */
export type Ports = {
  readonly gather: (request: GatherRequest) => Promise<Gathered>;
  readonly kube: KubeReader & KubeWriter;
  readonly live: LiveReader;
  readonly secrets: SecretCopier;
  readonly mesh: MeshModels;
  readonly meshRecords: MeshRecords;
  /** Of questions to meshes, each of which is named by its namespace. */
  readonly budget: CallBudget;
  readonly brake: DeletionBrake;
  readonly effects: EffectLog;
  /** Puts keys that an effect made due into the queue. */
  readonly enqueue: (keys: readonly string[]) => Promise<void>;
  readonly events: EventSink;
  readonly writes: WriteMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly context: SnapshotContext;
};
