import assert from 'node:assert/strict';
import { CallError } from '../reasons/call-error.ts';
import { runtimeLabels } from '../objects/runtime-labels.ts';
import { namespacedEtcdSecret } from './etcd-secret.ts';
import { renderTypeConstraints, typeConstraints } from './type-constraints.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();

describe('type constraints', () => {
  test('without a runtime let no model load', () =>
    assert.equal(typeConstraints([]), '{"_default":{"required":["_no_runtime"]}}'));

  test('are sorted by bytes and escaped as Go does', () => {
    const labels = runtimeLabels(
      'big<rt>',
      { supportedModelFormats: [{ name: 'tf', version: '2', autoSelect: true }] },
      false,
    );
    assert.equal(
      typeConstraints([{ labels }]),
      '{"_default":{"required":["_no_runtime"]},"mt:tf":{"required":["mt:tf"]},"mt:tf:2":{"required":["mt:tf:2"]},' +
        '"rt:big\\u003crt\\u003e":{"required":["rt:big\\u003crt\\u003e"]}}',
    );
  });

  test('name each type alone and with each protocol', () => {
    const labels = ['mt:sklearn', 'mt:sklearn:1', 'pv:grpc-v2', 'rt:sk-rt'];
    assert.equal(
      typeConstraints([{ labels }]),
      '{"_default":{"required":["_no_runtime"]},"mt:sklearn":{"required":["mt:sklearn"]},' +
        '"mt:sklearn:1":{"required":["mt:sklearn:1"]},"mt:sklearn:1|pv:grpc-v2":{"required":["mt:sklearn:1","pv:grpc-v2"]},' +
        '"mt:sklearn|pv:grpc-v2":{"required":["mt:sklearn","pv:grpc-v2"]},"rt:sk-rt":{"required":["rt:sk-rt"]}}',
    );
  });

  test('stand beside the calls that carry a model’s id, in binary data', () => {
    const { binaryData } = renderTypeConstraints('team-a', []) as unknown as {
      readonly binaryData: Readonly<Record<string, string>>;
    };
    assert.deepEqual(Object.keys(binaryData), ['dataplane_api_config', 'type_constraints']);
    assert.equal(
      decode(binaryData['dataplane_api_config']).slice(0, 154),
      '{\n    "rpcConfigs": {\n        "inference.GRPCInferenceService/ModelInfer": {\n            "idExtractionPath": [1],\n' +
        '            "vModelId": true\n        },\n',
    );
    assert.match(decode(binaryData['dataplane_api_config']), /"idExtractionPath": \[1, 1\],/);
    assert.match(decode(binaryData['dataplane_api_config']), /\},\n {4}"allowOtherRpcs": true\n\}$/);
  });
});

describe('the etcd Secret of a namespace', () => {
  const copyOf = (connection: string, files: Readonly<Record<string, string>> = {}) => {
    const data = namespacedEtcdSecret({ etcd_connection: base64(connection), ...files }, 'team-a');
    return { ...data, etcd_connection: decode(data['etcd_connection']) };
  };

  test('is the controller’s under a prefix of its own', () => {
    assert.deepEqual(copyOf('{"root_prefix":"prod","endpoints":"http://etcd:2379"}'), {
      etcd_connection: '{"endpoints":"http://etcd:2379","root_prefix":"prod/mm_ns/team-a"}',
    });
    assert.deepEqual(copyOf('{"endpoints":"http://etcd:2379"}'), {
      etcd_connection: '{"endpoints":"http://etcd:2379","root_prefix":"/mm_ns/team-a"}',
    });
  });

  test('keeps unknown fields, and the files that are named (ms#204, ms#273)', () => {
    const connection =
      '{"endpoints":"http://e:1","root_prefix":"p","tls_mode":"TLS","certificate_file":"ca.crt","client_key_file":"./k"}';
    const files = { 'ca.crt': base64('CA'), k: base64('KEY'), other: base64('no') };
    assert.deepEqual(copyOf(connection, files), {
      'ca.crt': base64('CA'),
      k: base64('KEY'),
      etcd_connection:
        '{"endpoints":"http://e:1","root_prefix":"p/mm_ns/team-a","certificate_file":"ca.crt","client_key_file":"./k","tls_mode":"TLS"}',
    });
  });

  test('cannot be made of something else, and the error shows no byte of it', () => {
    for (const text of ['secret', '{"secret":1}', '"secret"', '{"endpoints":"secret"']) {
      assert.throws(
        () => copyOf(text),
        (error) => error instanceof CallError && error.kind === 'Terminal' && !/secret"|secret$/.test(error.message),
      );
    }
    assert.throws(() => namespacedEtcdSecret({}, 'team-a'), /has no key etcd_connection/);
  });
});
