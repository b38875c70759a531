import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { metricOf, ROOT, shownSerial, startFixture, until, type Fixture } from './webhook-fixture.ts';

const NAMESPACE = 'modelmesh-serving';
const RUNTIME_PATH = '/validate-serving-modelmesh-io-v1alpha1-servingruntime';
const WARN_PATH = '/warn-inference-service';
let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

let count = 0;
const newName = (): string => `object-${(count += 1)}`;

function runtime(annotations: Readonly<Record<string, string>>, spec: object = {}, kind = 'ServingRuntime'): object {
  const prefixed = Object.entries(annotations).map(([name, value]) => [`serving.kserve.io/${name}`, value]);
  const namespace = kind === 'ServingRuntime' ? { namespace: NAMESPACE } : {};
  return {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind,
    metadata: { name: newName(), ...namespace, annotations: Object.fromEntries(prefixed) },
    spec: { multiModel: true, grpcEndpoint: 'port:8001', containers: [{ name: 'server', image: 'a/b:1' }], ...spec },
  };
}

function service(predictor: object, mode = 'ModelMesh'): object {
  return {
    apiVersion: 'serving.kserve.io/v1beta1',
    kind: 'InferenceService',
    metadata: { name: newName(), namespace: NAMESPACE, annotations: { 'serving.kserve.io/deploymentMode': mode } },
    spec: { predictor },
  };
}

const model = (name: string): object => ({ modelFormat: { name }, storage: { path: 'a/b' } });
const nameOf = (object: object): string => (object as { readonly metadata: { readonly name: string } }).metadata.name;
const pathOf = (plural: string, version: string): string =>
  `/apis/serving.kserve.io/${version}/namespaces/${NAMESPACE}/${plural}`;

/** The answer to a creation: nothing, or the refusal. */
async function create(object: object, path = pathOf('servingruntimes', 'v1alpha1')): Promise<string> {
  return fixture.client.call({ method: 'POST', path, body: object }).then(
    () => '',
    (error: Error) => error.message,
  );
}

const denial = (message: string): string =>
  `Missing permission: admission webhook "servingruntime.modelmesh-webhook-server.default" denied the request: ${message}`;

async function timed<T>(work: Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const began = performance.now();
  const result = await work;
  return { result, ms: performance.now() - began };
}

describe('runtimes', () => {
  test('are refused in the words of the original, of the namespace as of the cluster', async () => {
    // The API server takes a moment to learn of a configuration.
    await until('the webhook to be called', async () => {
      await create(runtime({}));
      return (await metricOf(fixture, `meshkeeper_admissions_total{path="${RUNTIME_PATH}",outcome="allowed"}`)) > 0;
    });
    const ofCluster = '/apis/serving.kserve.io/v1alpha1/clusterservingruntimes';
    assert.equal(
      await create(runtime({ autoscalerClass: 'keda' })),
      denial('[keda] is not a supported autoscaler class type.\n'),
    );
    assert.equal(
      await create(runtime({ autoscalerClass: 'external' }, {}, 'ClusterServingRuntime'), ofCluster),
      denial('unknown autoscaler class [external]'),
    );
  });

  test('are accepted with the class none, and without multiModel whatever they say', async () => {
    assert.equal(await create(runtime({ autoscalerClass: 'none' })), '');
    assert.equal(await create(runtime({ autoscalerClass: 'keda' }, { multiModel: false })), '');
  });

  test('are judged when they change, too', async () => {
    const given = runtime({ autoscalerClass: 'hpa' });
    assert.equal(await create(given), '');
    const path = `${pathOf('servingruntimes', 'v1alpha1')}/${nameOf(given)}`;
    const body = { metadata: { annotations: { 'serving.kserve.io/min-scale': '2' } } };
    await assert.rejects(
      fixture.client.call({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body }),
      /denied the request: The max replicas should be same or bigger than min replicas\.$/,
    );
  });

  test('that cannot be deployed are accepted with a warning that kubectl shows', async () => {
    const given = runtime({}, { grpcEndpoint: undefined });
    assert.equal(
      await fixture.apply(given),
      `Warning: Invalid runtime Spec: spec.grpcEndpoint is required: port:N or unix:PATH\nservingruntime.serving.kserve.io/${nameOf(given)} created\n`,
    );
  });
});

describe('InferenceServices', () => {
  const created = (object: object): string => `inferenceservice.serving.kserve.io/${nameOf(object)} created\n`;

  test('get warnings about ignored fields and an unsupported format', async () => {
    await until('the runtimes to be known', async () =>
      (await fixture.apply(service({ model: model('x') }))).includes('x;'),
    );
    const given = service({ model: model('unsupported-format'), minReplicas: 2 });
    assert.equal(
      await fixture.apply(given),
      'Warning: NoSupportingRuntime: no enabled multi-model runtime serves format unsupported-format; the model waits for one\n' +
        'Warning: spec.predictor.minReplicas is ignored in ModelMesh mode: set spec.replicas or the autoscaling annotations of the ServingRuntime\n' +
        created(given),
    );
  });

  test('get no warning once a runtime serves the format', async () => {
    assert.equal(await create(runtime({}, { supportedModelFormats: [{ name: 'onnx', autoSelect: true }] })), '');
    await until('the runtime to be known', async () => {
      const given = service({ model: model('onnx') });
      return (await fixture.apply(given)) === created(given);
    });
  });

  test('of another mode are not even asked about', async () => {
    const calls = (): Promise<number> =>
      metricOf(fixture, `controller_runtime_webhook_latency_seconds_count{webhook="${WARN_PATH}"}`);
    const before = await calls();
    const given = service({ model: model('x'), minReplicas: 2 }, 'Serverless');
    assert.equal(await fixture.apply(given), created(given));
    assert.equal(await calls(), before);
  });

  test('get the other warnings within a second while Redis does not answer', async () => {
    const given = service({ model: model('y'), timeout: 5 });
    const skipped = (): Promise<number> => metricOf(fixture, 'meshkeeper_format_lookups_total{result="skipped"}');
    const before = await skipped();
    fixture.redis.freeze();
    try {
      const path = pathOf('inferenceservices', 'v1beta1');
      const { result, ms } = await timed(create(given, path));
      assert.equal(result, '');
      assert.ok(ms < 1_500, `took ${ms.toFixed(0)} ms`);
      assert.equal(await skipped(), before + 1);
      const again = service({ model: model('y'), timeout: 5 });
      assert.equal(
        await fixture.apply(again),
        `Warning: spec.predictor.timeout is ignored in ModelMesh mode: set a deadline in the client's calls\n${created(again)}`,
      );
    } finally {
      fixture.redis.thaw();
    }
  });
});

describe('what we ship', () => {
  const named = (path: string): readonly string[] => [existsSync(join(path, 'kustomization.yaml')) ? '-k' : '-f', path];
  const accepted = (...args: readonly string[]): Promise<string> =>
    fixture.kubectl('apply', '--dry-run=server', ...args.map((name) => join(ROOT, 'deploy', name)).flatMap(named));

  test('the built-in runtimes get no warning', async () => {
    assert.doesNotMatch(await accepted('runtimes'), /Warning/);
  });

  test("the webhook's own Deployment runs where pods are restricted", async () => {
    await fixture.kubectl('label', 'namespace', NAMESPACE, 'pod-security.kubernetes.io/warn=restricted');
    assert.equal(
      await accepted('rbac/webhook.yaml', 'webhook/deployment.yaml'),
      [
        'serviceaccount/webhook created (server dry run)',
        'service/modelmesh-webhook-server-service created (server dry run)',
        'deployment.apps/meshkeeper-webhook created (server dry run)',
        '',
      ].join('\n'),
    );
  });
});

describe('the certificate', () => {
  test('is exchanged without a restart, and a broken one is not taken', async () => {
    const first = await shownSerial(fixture);
    fixture.authority.writePair(fixture.certificates);
    const { ms } = await timed(until('the new certificate', async () => (await shownSerial(fixture)) !== first));
    assert.ok(ms < 5_000, `took ${ms.toFixed(0)} ms`);
    const second = await shownSerial(fixture);
    assert.equal(await create(runtime({})), '');

    const refused = 'meshkeeper_certificate_loads_total{result="refused"}';
    writeFileSync(join(fixture.certificates, 'tls.crt'), 'no certificate');
    await until('the refusal', async () => (await metricOf(fixture, refused)) > 0);
    assert.equal(await shownSerial(fixture), second);
    assert.match(readFileSync(fixture.logFile, 'utf8'), /The certificate cannot be used: the old one stays/);
    assert.equal((await fetch(`${fixture.healthUrl}/healthz`)).status, 200);
    assert.equal((await fetch(`${fixture.healthUrl}/readyz`)).status, 200);
    assert.match(await create(runtime({ autoscalerClass: 'keda' })), /denied the request/);

    fixture.authority.writePair(fixture.certificates);
    await until('the third certificate', async () => (await shownSerial(fixture)) !== second);
  });
});

describe('the server', () => {
  /** A call as anybody could make it. */
  function post(path: string, body: string): Promise<{ readonly status: number | undefined; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const { port, authority } = fixture;
      const headers = { 'content-type': 'application/json' };
      const call = request({ host: '127.0.0.1', port, path, method: 'POST', headers, ca: authority.certificate });
      call.once('error', reject).once('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (more: string) => (text += more));
        answer.once('end', () => resolve({ status: answer.statusCode, text }));
      });
      call.end(body);
    });
  }

  test('says of what is no review that it cannot be decoded, and lets an InferenceService pass', async () => {
    const [refused, passed] = [await post(RUNTIME_PATH, '{'), await post(WARN_PATH, '{')];
    const { response } = JSON.parse(refused.text) as {
      readonly response: { readonly status: { readonly code: number } };
    };
    assert.deepEqual([refused.status, response.status.code], [200, 400]);
    assert.equal(
      (JSON.parse(passed.text) as { readonly response: { readonly allowed: boolean } }).response.allowed,
      true,
    );
  });

  test('takes objects as large as the API server does', async () => {
    const object = { metadata: { name: 'a', annotations: { filler: 'x'.repeat(3_000_000) } }, spec: {} };
    const review = { request: { uid: 'u', object, oldObject: object } };
    const answer = await post(RUNTIME_PATH, JSON.stringify(review));
    assert.match(answer.text, /Not validating ServingRuntime/);
  });

  test('answers what has begun when it is stopped', async () => {
    fixture.redis.freeze();
    const body = JSON.stringify({
      request: { uid: 'slow', namespace: NAMESPACE, object: service({ model: model('z') }) },
    });
    const answer = post(WARN_PATH, body);
    await delay(100);
    const { ms } = await timed(fixture.webhook().stop());
    fixture.redis.thaw();
    assert.equal((await answer).status, 200);
    assert.equal(await fixture.webhook().exited, 'code 0');
    assert.ok(ms < 2_000, `took ${ms.toFixed(0)} ms`);
  });

  test('holds up no InferenceService while it is dead, and no longer than two seconds while it hangs', async () => {
    const path = pathOf('inferenceservices', 'v1beta1');
    const dead = await timed(create(service({ model: model('x'), minReplicas: 2 }), path));
    assert.equal(dead.result, '');
    assert.ok(dead.ms < 1_500, `took ${dead.ms.toFixed(0)} ms`);
    // A runtime is refused in the meantime, as by the original.
    assert.match(
      await create(runtime({})),
      /failed calling webhook "servingruntime\.modelmesh-webhook-server\.default"/,
    );

    await fixture.startWebhook();
    fixture.webhook().freeze();
    const hanging = await timed(create(service({ model: model('x') }), path));
    fixture.webhook().thaw();
    assert.equal(hanging.result, '');
    assert.ok(hanging.ms < 3_000, `took ${hanging.ms.toFixed(0)} ms`);
    await until('it to answer again', async () => (await create(runtime({}))) === '');
  });
});
