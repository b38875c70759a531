import { CallError } from '@meshkeeper/domain';
import { z } from 'zod';
import type { KubeTransport } from './transport.ts';

/** Who sent a token, as the API server knows them. */
export type Caller = z.output<typeof callerSchema>;

export type Access = {
  readonly verb: 'get' | 'list';
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  /** One object; rights may be given by name. Without it all of the namespace. */
  readonly name?: string;
};

export type AccessReviewer = {
  /** Undefined when the API server does not accept the token. @throws CallError */
  whoIs(token: string): Promise<Caller | undefined>;
  /** @throws CallError */
  may(caller: Caller, access: Access): Promise<boolean>;
};

const callerSchema = z.object({
  username: z.string(),
  uid: z.string().optional(),
  groups: z.array(z.string()).optional(),
  extra: z.record(z.string(), z.array(z.string())).optional(),
});
const tokenReviewSchema = z.object({
  status: z.object({ authenticated: z.boolean().optional(), user: callerSchema.optional().catch(undefined) }),
});
const accessReviewSchema = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Asks the API server who a caller is and what they may do, so that no caller gains our own rights. */
export function createAccessReviewer(transport: KubeTransport): AccessReviewer {
  const review = async <T>(path: string, kind: string, spec: object, schema: z.ZodType<T>): Promise<T> => {
    const [, , group, version] = path.split('/');
    const body = { apiVersion: `${group}/${version}`, kind, spec };
    const parsed = schema.safeParse(await transport.call<unknown>({ method: 'POST', path, body }));
    if (!parsed.success) throw new CallError('Transient', `The API server answered a ${kind} in another form`);
    return parsed.data;
  };
  return {
    async whoIs(token) {
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      const { status } = await review(path, 'TokenReview', { token }, tokenReviewSchema);
      return status.authenticated === true ? status.user : undefined;
    },
    async may({ username, uid, groups, extra }, { verb, group, resource, namespace, name }) {
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
      const resourceAttributes = { verb, group, resource, namespace, ...(name !== undefined && { name }) };
      const spec = { user: username, uid, groups, extra, resourceAttributes };
      const { status } = await review(path, 'SubjectAccessReview', spec, accessReviewSchema);
      return status.allowed;
    },
  };
}
