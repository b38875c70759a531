import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallError } from '@meshkeeper/domain/call-error';
import { parseEtcdConnection, readKvStore } from './etcd-connection.ts';

describe('the etcd connection', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshkeeper-connection-'));
    writeFileSync(join(folder, 'ca.pem'), 'CA');
    writeFileSync(
      join(folder, 'etcd_connection'),
      '{"endpoints":"https://a:1","root_prefix":"r","certificate_file":"ca.pem","certificate":"other"}',
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const tls = { ca: undefined, clientCertificate: undefined, clientKey: undefined, overrideAuthority: undefined };

  test('of plain endpoints has no TLS and no user', () => {
    assert.deepEqual(parseEtcdConnection('{"endpoints":"http://etcd:2379","root_prefix":"modelmesh-serving"}'), {
      endpoints: ['etcd:2379'],
      rootPrefix: 'modelmesh-serving',
      user: undefined,
      tls: undefined,
    });
  });

  test('takes TLS from the first endpoint, from certificates, or from tls_mode', () => {
    const tlsOf = (document: object) => parseEtcdConnection(JSON.stringify(document)).tls;
    assert.deepEqual(tlsOf({ endpoints: 'https://a:1,https://b:2' }), tls);
    assert.deepEqual(tlsOf({ endpoints: 'a:1', certificate: 'PEM' }), { ...tls, ca: 'PEM' });
    assert.deepEqual(tlsOf({ endpoints: 'http://a:1', certificate: 'PEM' }), undefined);
    assert.deepEqual(tlsOf({ endpoints: 'http://a:1', tls_mode: 'TLS' }), tls);
    assert.deepEqual(tlsOf({ endpoints: 'https://a:1', tls_mode: 'PLAINTEXT' }), undefined);
  });

  test('reads files beside its JSON, which beat embedded values', () => {
    assert.deepEqual(readKvStore(`etcd:${join(folder, 'etcd_connection')}`), {
      endpoints: ['a:1'],
      rootPrefix: 'r',
      user: undefined,
      tls: { ...tls, ca: 'CA' },
    });
  });

  test('has a short form', () => {
    const expected = { endpoints: ['a:1', 'b:2379'], rootPrefix: 'x', user: undefined, tls: undefined };
    assert.deepEqual(readKvStore('etcd:http://a:1,b;rootPrefix=x'), expected);
    assert.deepEqual(readKvStore('a:1,b;rootPrefix=x'), expected);
  });

  test('is refused with the name of what is wrong, never with a value', () => {
    const refusalOf = (json: string) => {
      try {
        parseEtcdConnection(json);
      } catch (error) {
        assert.ok(error instanceof CallError);
        return error.message;
      }
      return 'accepted';
    };
    assert.deepEqual(
      [
        refusalOf('{"password":"hunter2"'),
        refusalOf('{"endpoints":"a:1","password":["hunter2"]}'),
        refusalOf('{"endpoints":" , "}'),
        refusalOf('{"endpoints":"a:1","client_key":"hunter2"}'),
        refusalOf('{"endpoints":"a:1","certificate_file":"ca.pem"}'),
      ],
      [
        'The etcd connection is not JSON',
        'The etcd connection is malformed at password',
        'The etcd connection has no endpoints',
        'The etcd connection needs both or neither of client_certificate and client_key',
        'The etcd connection names the file ca.pem, which cannot be read here: embed it instead',
      ],
    );
  });
});
