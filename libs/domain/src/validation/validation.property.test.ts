import * as fc from 'fast-check';
import type { JsonObject } from '../objects/reduce.ts';
import { autoscalerProblem, readAutoscaling } from './autoscaling.ts';
import { ignoredFieldWarnings } from './ignored-fields.ts';
import { runtimeProblem } from './runtime-spec.ts';
import { formatWarning, registrationWarning } from './supported-format.ts';

/** Words that the rules look for, so that the random objects get past the first look. */
const WORDS = [
  'spec',
  'metadata',
  'annotations',
  'managedFields',
  'predictor',
  'model',
  'sklearn',
  'modelFormat',
  'storage',
  'storageUri',
  'parameters',
  'name',
  'containers',
  'volumes',
  'volumeMounts',
  'ports',
  'containerPort',
  'builtInAdapter',
  'serverType',
  'grpcEndpoint',
  'grpcDataEndpoint',
  'replicas',
  '__proto__',
  'constructor',
  '0',
];
const MODE = { 'serving.kserve.io/deploymentMode': 'ModelMesh' };
const HPA = { 'serving.kserve.io/autoscalerClass': 'hpa' };

const leaf = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('port:1', 'unix:/a', 'hpa'),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    leaf,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...WORDS), fc.string()), tie('json'), { maxKeys: 6 }),
  ),
}));
/** As it comes from the wire. */
const object = fc
  .dictionary(fc.constantFrom(...WORDS), json)
  .map((value): JsonObject => JSON.parse(JSON.stringify(value)));

test('whatever an object holds, no rule throws', () => {
  fc.assert(
    fc.property(object, object, (given, more) => {
      const annotations = { ...more, ...HPA } as Readonly<Record<string, string>>;
      autoscalerProblem(annotations, given);
      readAutoscaling(annotations);
      for (const spec of [
        given,
        { ...more, containers: [given] },
        { containers: [{ ...given, name: 'a' }], volumes: [more] },
      ])
        runtimeProblem(spec, ['mlserver']);
      const metadata = { ...more, annotations: { ...more, ...MODE } };
      const services = [given, { metadata, spec: given }, { metadata, spec: { predictor: { model: given, ...more } } }];
      for (const service of services) {
        ignoredFieldWarnings(service);
        registrationWarning(service);
        formatWarning(service, []);
      }
    }),
  );
});
