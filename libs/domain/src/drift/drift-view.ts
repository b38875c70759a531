import { factsOf, isPaused, type DeploymentFacts, type NamespaceFacts } from '../changes/facts.ts';
import { KINDS, MESH_SOURCE } from '../objects/kinds.ts';
import type { SourceState, ViewedObject } from '../ports/event-log.ts';
import { asObject, type JsonObject, type ReducedObject } from '../objects/reduce.ts';
import { wantedOfInferenceService } from '../registration/inference-service.ts';
import { wantedOfPredictor, type Wanted } from '../registration/predictor.ts';
import { readShown } from '../status/shown-status.ts';
import { supportedTypes } from '../objects/runtime-labels.ts';
import { parseVModel } from '../snapshot/predictor-parts.ts';
import { type VModelRecord } from '../snapshot/snapshot.ts';
import type { Owner } from '../objects/work-key.ts';

type Named = { readonly namespace: string; readonly name: string };

/** An object that wants a model, or would if its specification made one. */
export type ModelObject = Named & {
  readonly owner: Owner;
  readonly wanted: Exclude<Wanted, { readonly kind: 'ignored' }>;
  readonly ready: boolean;
  readonly paused: boolean;
};
export type SeenVModel = Named & VModelRecord;
/** A record of the registry: the name is the model's id. */
export type SeenModel = Named & { readonly type: string };

/** Which sources are listed whole: only in those absence means something. */
export type DriftSources = Readonly<Record<Owner | 'mesh' | 'deployments' | 'namespaces', boolean>>;

/** All that drift is looked for in. */
export type DriftInput = {
  readonly objects: readonly ModelObject[];
  readonly vmodels: readonly SeenVModel[];
  readonly models: readonly SeenModel[];
  /** `namespace type` of what some ready pod can hold. */
  readonly held: ReadonlySet<string>;
  /** Namespaces that are served. Undefined when they are not watched, as in namespace scope: then every namespace seen is served. */
  readonly enabled: ReadonlySet<string> | undefined;
  /** Namespaces in which nothing is written for now. */
  readonly paused: ReadonlySet<string>;
  readonly complete: DriftSources;
};

const { inferenceServices, predictors, deployments, namespaces } = KINDS;

/** What has to be read of the view, one source after the other. */
export const DRIFT_SOURCES: readonly string[] = [
  inferenceServices.source,
  predictors.source,
  MESH_SOURCE,
  deployments.source,
  namespaces.source,
];

/**
 * Collects what the view holds into what drift is looked for in. Each body is judged and forgotten as it comes, so that thousands of them
 * neither hold up a process that has other work nor fill its memory.
 */
export class DriftView {
  readonly #objects: ModelObject[] = [];
  readonly #vmodels: SeenVModel[] = [];
  readonly #models: SeenModel[] = [];
  readonly #held = new Set<string>();
  readonly #enabled = new Set<string>();
  readonly #paused = new Set<string>();
  readonly #ownNamespace: string;

  /** The controller's own namespace counts as enabled while it carries no label. */
  constructor(ownNamespace: string) {
    this.#ownNamespace = ownNamespace;
  }

  add(object: ViewedObject): void {
    switch (object.source) {
      case MESH_SOURCE:
        return this.#addRecord(object);
      case inferenceServices.source:
        return this.#addModel(object, 'isvc', wantedOfInferenceService(object.body as ReducedObject));
      case predictors.source:
        return this.#addModel(object, 'ksp', wantedOfPredictor(object.body as ReducedObject));
      case deployments.source:
        return this.#addPods(object);
      case namespaces.source:
        return this.#addNamespace(object);
    }
  }

  /** `states` are those of `DRIFT_SOURCES`. */
  input(states: Readonly<Record<string, SourceState>>): DriftInput {
    const isComplete = (source: string): boolean => states[source]?.complete === true;
    const seesNamespaces = (states[namespaces.source]?.epoch ?? '') !== '';
    return {
      objects: this.#objects,
      vmodels: this.#vmodels,
      models: this.#models,
      held: this.#held,
      enabled: seesNamespaces ? this.#enabled : undefined,
      paused: this.#paused,
      complete: {
        isvc: isComplete(inferenceServices.source),
        ksp: isComplete(predictors.source),
        mesh: isComplete(MESH_SOURCE),
        deployments: isComplete(deployments.source),
        namespaces: isComplete(namespaces.source) || !seesNamespaces,
      },
    };
  }

  #addRecord(record: ViewedObject): void {
    const { namespace, name, body } = record;
    const slash = name.indexOf('/');
    const [table, id] = [name.slice(0, slash), name.slice(slash + 1)];
    if (table === 'vmodels') this.#vmodels.push({ namespace, name: id, ...parseVModel(record) });
    else if (table === 'registry') this.#models.push({ namespace, name: id, type: textOf(asObject(body), 'type') });
  }

  #addModel({ namespace, name, body }: ViewedObject, owner: Owner, wanted: Wanted): void {
    if (wanted.kind === 'ignored') return;
    const { ready } = readShown(owner, body as ReducedObject);
    const paused = isPaused(body as ReducedObject);
    this.#objects.push({ namespace, name, owner, wanted, ready, paused });
  }

  #addPods({ namespace, body }: ViewedObject): void {
    const { available, labels } = factsOf('deployments', body as ReducedObject, this.#context()) as DeploymentFacts;
    if (available) for (const type of supportedTypes(labels)) this.#held.add(`${namespace} ${type}`);
  }

  #addNamespace({ name, body }: ViewedObject): void {
    const facts = factsOf('namespaces', body as ReducedObject, this.#context()) as NamespaceFacts;
    if (facts.enabled) this.#enabled.add(name);
    if (facts.paused) this.#paused.add(name);
  }

  #context(): { readonly ownNamespace: string } {
    return { ownNamespace: this.#ownNamespace };
  }
}

function textOf(record: JsonObject, field: string): string {
  const value = record[field];
  return typeof value === 'string' ? value : '';
}
