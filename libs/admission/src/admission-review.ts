import type { JsonObject } from '@meshkeeper/domain';
import { z } from 'zod';

/** What a review says of an object. Its words are shown by kubectl. */
export type Verdict =
  | { readonly kind: 'allowed'; readonly message?: string; readonly warnings?: readonly string[] }
  | { readonly kind: 'denied'; readonly message: string }
  | { readonly kind: 'undecodable'; readonly message: string };

const reviewSchema = z.object({
  request: z.object({
    uid: z.string(),
    namespace: z.string().default(''),
    object: z.record(z.string(), z.unknown(), 'there is no content to decode'),
  }),
});

export type Review = { readonly uid: string; readonly namespace: string; readonly object: JsonObject };

/** The body of an AdmissionReview (admission.k8s.io/v1), or why it is none. Never throws. */
export function parseReview(body: string): Review | { readonly uid: string; readonly problem: string } {
  const decoded = decode(body);
  const parsed = reviewSchema.safeParse(decoded);
  if (parsed.success) {
    const { uid, namespace, object } = parsed.data.request;
    return { uid, namespace, object: object as JsonObject };
  }
  return { uid: uidOf(decoded), problem: problemText(parsed.error) };
}

/** The first thing that is wrong, with the path of its field. */
export function problemText({ issues: [issue] }: z.ZodError): string {
  const where = issue?.path.length ? issue.path.join('.') : 'the body';
  return `${where}: ${issue?.message}`;
}

function decode(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Answered even when the rest cannot be read: without it the API server reports a mismatch, not what is wrong. */
function uidOf(decoded: unknown): string {
  const lenient = z.object({ request: z.object({ uid: z.string() }) }).safeParse(decoded);
  return lenient.success ? lenient.data.request.uid : '';
}

/** The AdmissionReview that answers; codes and reasons are those of the original's framework. */
export function answerOf(uid: string, verdict: Verdict): JsonObject {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...responseOf(verdict) } };
}

function responseOf(verdict: Verdict): JsonObject {
  switch (verdict.kind) {
    case 'allowed': {
      const warnings = (verdict.warnings ?? []).map(toWarning);
      const status = verdict.message === undefined ? {} : { status: { code: 200, message: verdict.message } };
      return { allowed: true, ...status, ...(warnings.length === 0 ? {} : { warnings }) };
    }
    case 'denied':
      return { allowed: false, status: { code: 403, reason: 'Forbidden', message: verdict.message } };
    case 'undecodable':
      return { allowed: false, status: { code: 400, message: verdict.message } };
  }
}

/** The API server may cut longer warnings, and drops one with a control character in it. */
const WARNING_LENGTH = 256;

function toWarning(text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, ' ');
  return line.length <= WARNING_LENGTH ? line : `${line.slice(0, WARNING_LENGTH - 1).toWellFormed()}…`;
}
