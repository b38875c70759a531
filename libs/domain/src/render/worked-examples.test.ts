import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parseConfig } from '../config/parse-config.ts';
import type { ModelFacts } from '../changes/facts.ts';
import { hashOf, type JsonObject, type KubeObject } from '../objects/reduce.ts';
import { aRuntimeSnapshot, viewed } from '../testing/builders.ts';
import type { Revision } from '../config/base-values.ts';
import { deploymentObject } from './deployment.ts';
import { renderRuntime } from './render-runtime.ts';

type Example = {
  readonly config: JsonObject;
  readonly kind: 'ServingRuntime' | 'ClusterServingRuntime';
  readonly namespace: string;
  readonly runtime: KubeObject;
  readonly storageClaims?: readonly string[];
  readonly existingClaims?: readonly string[];
  readonly models?: readonly ModelFacts[];
  readonly tlsKeys?: readonly string[];
  readonly expected: Readonly<Record<Revision, KubeObject>>;
};

const read = (name: string): Example =>
  JSON.parse(readFileSync(new URL(`testdata/${name}.json`, import.meta.url), 'utf8')) as Example;

/** The Deployment, without the annotations that are ours alone. */
function render(example: Example, revision: Revision): KubeObject {
  const config = parseConfig(example.config);
  assert.ok(config.kind === 'ok');
  const { kind, runtime, namespace, storageClaims = [], existingClaims = [], models = [], tlsKeys } = example;
  const snapshot = aRuntimeSnapshot({
    key: { kind: 'runtime', namespace, name: runtime.metadata.name },
    runtime: { ...viewed('servingRuntimes', runtime), kind },
    storageClaims,
    existingClaims,
    models,
    live: tlsKeys === undefined ? {} : { tlsSecret: tlsKeys },
  });
  const rendered = renderRuntime(snapshot, config.config);
  assert.ok(rendered.kind === 'ok', JSON.stringify(rendered));
  const body = rendered.templateAt(revision);
  const replicas = rendered.spec.replicas ?? config.config.podsPerRuntime;
  const object = deploymentObject(rendered.frame, { revision, body, hash: hashOf(body) }, replicas);
  const { annotations: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Maps in any order, and nothing that is undefined: as the API server would read it. */
const plain = (object: KubeObject): unknown => JSON.parse(JSON.stringify(object));

describe('a Deployment that the original controller rendered', () => {
  for (const name of ['built-in-adapter', 'puller-and-tls']) {
    const example = read(name);
    for (const revision of [0, 1, 2] as const) {
      test(`is rendered the same at revision ${revision}: ${name}`, () =>
        assert.deepEqual(plain(render(example, revision)), example.expected[revision]));
    }
  }
});
