import { parseGoUrl, type GoUrl } from './go-url.ts';

const url = (more: Partial<GoUrl>): GoUrl => ({
  scheme: '',
  authority: '',
  host: '',
  path: '',
  query: undefined,
  fragment: undefined,
  ...more,
});

test.each<[string, GoUrl]>([
  ['', url({})],
  ['a/b', url({ path: 'a/b' })],
  ['/a:b', url({ path: '/a:b' })],
  ['a/b:c', url({ path: 'a/b:c' })],
  ['S3://bucket/a/b', url({ scheme: 's3', authority: 'bucket', host: 'bucket', path: '/a/b' })],
  ['s3://bucket', url({ scheme: 's3', authority: 'bucket', host: 'bucket' })],
  ['s3:bucket/a', url({ scheme: 's3' })],
  ['s3:/a', url({ scheme: 's3', path: '/a' })],
  ['s3:///a', url({ scheme: 's3', path: '/a' })],
  ['//host/a', url({ authority: 'host', host: 'host', path: '/a' })],
  ['///a', url({ path: '///a' })],
  ['1a/b', url({ path: '1a/b' })],
  ['http://u:p@h:80/a', url({ scheme: 'http', authority: 'u:p@h:80', host: 'h:80', path: '/a' })],
  ['http://h:/a', url({ scheme: 'http', authority: 'h:', host: 'h:', path: '/a' })],
  ['http://h/a?b#c', url({ scheme: 'http', authority: 'h', host: 'h', path: '/a', query: 'b', fragment: 'c' })],
  ['http://h/a?#', url({ scheme: 'http', authority: 'h', host: 'h', path: '/a', query: '', fragment: '' })],
  ['http://[::1]:80/a', url({ scheme: 'http', authority: '[::1]:80', host: '[::1]:80', path: '/a' })],
  ['http://[::1]/a', url({ scheme: 'http', authority: '[::1]', host: '[::1]', path: '/a' })],
  ['http://h%41/a%20b', url({ scheme: 'http', authority: 'h%41', host: 'hA', path: '/a b' })],
  ['/%C3%A9x', url({ path: '/éx' })],
  ['/é%2Fñ', url({ path: '/é/ñ' })],
  ['/%EF%9C%80', url({ path: '/\uf700' })],
  ['/￯', url({ path: '/￯' })],
  ['/\u{f6ff}\u{f800}', url({ path: '/\u{f6ff}\u{f800}' })],
])('%s is a URL as Go reads it', (text, parsed) => {
  expect(parseGoUrl(text)).toEqual({ kind: 'url', url: parsed });
});

test.each([
  ['a\nb', 'net/url: invalid control character in URL'],
  ['a\x7fb', 'net/url: invalid control character in URL'],
  [':a', 'missing protocol scheme'],
  ['1a:b', 'first path segment in URL cannot contain colon'],
  ['http://[::1/a', "missing ']' in host"],
  ['http://[::1]x/a', 'invalid port "x" after host'],
  ['http://h:a/b', 'invalid port ":a" after host'],
  ['http://a b/c', 'invalid character " " in host name'],
  ['http://h/%zz', 'invalid URL escape "%zz"'],
  ['http://h/%4', 'invalid URL escape "%4"'],
  ['http://h/a#%', 'invalid URL escape "%"'],
  ['http://h%/a', 'invalid URL escape "%"'],
])('%j is refused with the words of Go', (text, problem) => {
  expect(parseGoUrl(text)).toEqual({ kind: 'problem', problem: `parse ${JSON.stringify(text)}: ${problem}` });
});

test('a space is no control character', () => {
  expect(parseGoUrl('/a b')).toEqual({ kind: 'url', url: url({ path: '/a b' }) });
});
