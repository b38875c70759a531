import assert from 'node:assert/strict';
import type { HeaderList } from '@meshkeeper/grpc';
import { answerHeaders, parseTimeout, requestMetadata } from './request-metadata.ts';

const sent = (headers: Record<string, string>): HeaderList => requestMetadata({ headers, address: '10.0.0.9' });

const FORWARDED = ['x-forwarded-for', '10.0.0.9'];

test('Grpc-Metadata-X is forwarded as X', () => {
  const headers = { 'grpc-metadata-mm-vmodel-id': 'a', 'grpc-metadata-id-bin': 'w6k' };
  assert.deepEqual(sent(headers), ['mm-vmodel-id', 'a', 'id-bin', 'w6k=', ...FORWARDED]);
});

test('Authorization is also forwarded unchanged, and standard headers with grpcgateway- in front; no others are', () => {
  const headers = { authorization: 'Bearer x', accept: '*/*', 'x-request-id': 'r', 'content-length': '5' };
  const authorization = ['authorization', 'Bearer x', 'grpcgateway-authorization', 'Bearer x'];
  assert.deepEqual(sent(headers), [...authorization, 'grpcgateway-accept', '*/*', ...FORWARDED]);
});

test('the origin of a request is appended to those already given', () => {
  const expected = ['grpcgateway-host', 'h:1', 'x-forwarded-host', 'h:1', 'x-forwarded-for', '1.1.1.1, 10.0.0.9'];
  assert.deepEqual(sent({ host: 'h:1', 'x-forwarded-for': '1.1.1.1' }), expected);
});

test('what gRPC cannot carry, or speaks through itself, is left out', () => {
  const headers = {
    'grpc-metadata-connection': 'close',
    'grpc-metadata-grpc-timeout': '1S',
    'grpc-metadata-a': 'é',
    'grpc-metadata-': 'x',
  };
  assert.deepEqual(sent(headers), FORWARDED);
});

test('a timeout is up to eight digits and a unit', () => {
  const texts = { '1H': 3_600_000, '2M': 120_000, '3S': 3_000, '4m': 4, '5000u': 5, '6000000n': 6 };
  for (const [text, ms] of Object.entries(texts)) assert.equal(parseTimeout(text), ms);
  assert.equal(parseTimeout(undefined), undefined);
  for (const text of ['1', 'S', '-1S', '1.5S', '123456789S'])
    assert.throws(() => parseTimeout(text), { code: 3, message: `invalid grpc-timeout: ${text}` });
});

test("a model's headers come back as Grpc-Metadata-X", () => {
  const headers = answerHeaders(['a', '1', 'b-bin', 'AQI,AQ', 'a', '2']);
  assert.deepEqual(headers, { 'grpc-metadata-a': ['1, 2'], 'grpc-metadata-b-bin': ['AQI=', 'AQ=='] });
});
