import { parseSync } from '@swc/core';

/** A change of one place in a source text that its tests should notice. Offsets are bytes of UTF-8. */
export type Mutation = { readonly start: number; readonly end: number; readonly text: string; readonly name: string };

type Span = { readonly start: number; readonly end: number };
type Node = { readonly type: string; readonly span: Span } & Readonly<Record<string, unknown>>;

const OPERATORS: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
};

/** All mutations of a TypeScript source: swapped operators, conditions that are always or never true, other numbers, and dropped statements. */
export function mutationsOf(source: string): readonly Mutation[] {
  // swc counts from the end of what it has parsed before.
  const module = parseSync(source, { syntax: 'typescript', target: 'es2024' }) as unknown as Node;
  const bytes = Buffer.from(source);
  const base = module.span.start - firstTokenOffset(source);
  const found: Mutation[] = [];
  visit(module, (node) => found.push(...mutate(node, base, bytes)));
  return found;
}

/** A module's span starts at its first token, after comments. */
function firstTokenOffset(source: string): number {
  return Buffer.byteLength(/^(?:\s*(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*\n))*\s*/.exec(source)?.[0] ?? '');
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const each of value) visit(each, see);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const node = value as Node;
  if (typeof node.type === 'string' && node.type.startsWith('Ts')) {
    // Types are erased; an assertion or a `satisfies` has an expression inside.
    visit(node['expression'], see);
    return;
  }
  if (typeof node.type === 'string' && node.span !== undefined) see(node);
  for (const child of Object.values(node)) visit(child, see);
}

function mutate(node: Node, base: number, bytes: Buffer): readonly Mutation[] {
  const at = ({ start, end }: Span): Span => ({ start: start - base, end: end - base });
  const textOf = (span: Span): string => bytes.subarray(at(span).start, at(span).end).toString();
  const replace = (span: Span, text: string, name: string): Mutation => ({ ...at(span), text, name });
  switch (node.type) {
    case 'BinaryExpression': {
      const [left, right] = [node['left'] as Node, node['right'] as Node];
      const operator = node['operator'] as string;
      const other = OPERATORS[operator];
      if (other === undefined) return [];
      const text = `${textOf(left.span)} ${other} ${textOf(right.span)}`;
      return [replace(node.span, operator === '??' ? textOf(left.span) : `(${text})`, `${operator} is ${other}`)];
    }
    case 'IfStatement':
    case 'ConditionalExpression': {
      const test = node['test'] as Node;
      return ['true', 'false'].map((value) => replace(test.span, value, `condition is ${value}`));
    }
    case 'NumericLiteral':
      return [replace(node.span, String((node['value'] as number) + 1), 'number is one more')];
    case 'BooleanLiteral':
      return [replace(node.span, String(node['value'] !== true), 'boolean is flipped')];
    case 'ExpressionStatement':
      return [replace(node.span, ';', 'statement is dropped')];
    case 'UnaryExpression':
      return node['operator'] === '!'
        ? [replace(node.span, textOf((node['argument'] as Node).span), 'negation is dropped')]
        : [];
    default:
      return [];
  }
}
