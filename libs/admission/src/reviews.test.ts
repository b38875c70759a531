import assert from 'node:assert/strict';
import type { JsonObject } from '@meshkeeper/domain';
import { answerOf, parseReview, type Review, type Verdict } from './admission-review.ts';
import { reviewInferenceService, type RuntimesOf } from './review-inference-service.ts';
import { reviewRuntime } from './review-runtime.ts';

const review = (object: JsonObject): Review => ({ uid: 'u', namespace: 'team-a', object });
const runtime = (spec: JsonObject, annotations: JsonObject = {}): Review =>
  review({ metadata: { name: 'a', annotations }, spec: { multiModel: true, ...spec } });
const good = { grpcEndpoint: 'port:8001', containers: [{ name: 'server' }] };
const PASSED = 'Passed all validation checks for ServingRuntime';

const runtimes: readonly [name: string, Review, Verdict][] = [
  ['a good one', runtime(good), { kind: 'allowed', message: PASSED, warnings: [] }],
  [
    'one of KServe, whatever it says',
    runtime({ multiModel: false }, { 'serving.kserve.io/autoscalerClass': 'x' }),
    { kind: 'allowed', message: 'Not validating ServingRuntime because it is not ModelMesh compatible' },
  ],
  [
    'one with an unknown autoscaler',
    runtime(good, { 'serving.kserve.io/autoscalerClass': 'x' }),
    { kind: 'denied', message: '[x] is not a supported autoscaler class type.\n' },
  ],
  [
    'one that the original admitted and then crashed on',
    runtime({ containers: [{ name: 'server' }] }),
    {
      kind: 'allowed',
      message: PASSED,
      warnings: ['Invalid runtime Spec: spec.grpcEndpoint is required: port:N or unix:PATH'],
    },
  ],
  [
    'one with replicas that would wrap round',
    runtime({ ...good, replicas: 65_536 }),
    { kind: 'undecodable', message: 'spec.replicas: Too big: expected number to be <=65535' },
  ],
  [
    'one without specification',
    review({ metadata: {} }),
    { kind: 'undecodable', message: 'spec: Invalid input: expected object, received undefined' },
  ],
];

describe('a runtime under review', () => {
  for (const [name, given, verdict] of runtimes) test(name, () => assert.deepEqual(reviewRuntime(given), verdict));
});

describe('an InferenceService under review', () => {
  const service = (predictor: JsonObject): Review =>
    review({
      metadata: { name: 'a', annotations: { 'serving.kserve.io/deploymentMode': 'ModelMesh' } },
      spec: { predictor },
    });
  const model = { modelFormat: { name: 'onnx' }, storage: { path: 'p' } };
  const NONE = 'NoSupportingRuntime: no enabled multi-model runtime serves format onnx; the model waits for one';
  const IGNORED = 'spec.predictor.tolerations is ignored in ModelMesh mode: set it in the ServingRuntime';
  const given = service({ model, tolerations: [{}] });
  const cases: readonly [name: string, Review, RuntimesOf, readonly string[]][] = [
    ['gets the warning about an unsupported format first', given, async () => [], [NONE, IGNORED]],
    ['gets no warning about formats while the runtimes are unknown', given, async () => undefined, [IGNORED]],
    [
      'gets a warning that it creates no model',
      service({}),
      async () => assert.fail('the runtimes are not needed'),
      ['InvalidPredictorSpec: no valid InferenceService predictor framework found'],
    ],
  ];
  for (const [name, each, runtimesOf, warnings] of cases)
    test(name, async () =>
      assert.deepEqual(await reviewInferenceService(each, runtimesOf), { kind: 'allowed', warnings }),
    );
});

describe('an AdmissionReview', () => {
  test('is read', () => {
    const body = JSON.stringify({ request: { uid: 'u', object: { a: 1 } } });
    assert.deepEqual(parseReview(body), { uid: 'u', namespace: '', object: { a: 1 } });
  });

  const unreadable: readonly [body: string, uid: string, problem: string][] = [
    ['', '', 'the body: Invalid input: expected object, received undefined'],
    ['{', '', 'the body: Invalid input: expected object, received undefined'],
    ['{"request":{"uid":"u"}}', 'u', 'request.object: there is no content to decode'],
    ['{"request":{"uid":"u","object":null}}', 'u', 'request.object: there is no content to decode'],
  ];
  for (const [body, uid, problem] of unreadable)
    test(`that is none: ${body || 'nothing'}`, () => assert.deepEqual(parseReview(body), { uid, problem }));

  const answers: readonly [name: string, Verdict, JsonObject][] = [
    [
      'allowed',
      { kind: 'allowed', message: 'm', warnings: [] },
      { allowed: true, status: { code: 200, message: 'm' } },
    ],
    ['allowed without a word', { kind: 'allowed' }, { allowed: true }],
    [
      'denied',
      { kind: 'denied', message: 'm\n' },
      { allowed: false, status: { code: 403, reason: 'Forbidden', message: 'm\n' } },
    ],
    ['undecodable', { kind: 'undecodable', message: 'm' }, { allowed: false, status: { code: 400, message: 'm' } }],
    [
      'allowed with warnings that a header can carry',
      { kind: 'allowed', warnings: ['a\nb\u0000', `${'x'.repeat(254)}😀 and more`] },
      { allowed: true, warnings: ['a b ', `${'x'.repeat(254)}\ufffd…`] },
    ],
  ];
  for (const [name, verdict, response] of answers)
    test(`is answered: ${name}`, () =>
      assert.deepEqual(answerOf('u', verdict), {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: 'u', ...response },
      }));
});
