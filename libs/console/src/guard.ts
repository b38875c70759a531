import { messageOf } from '@meshkeeper/domain';
import type { Access, AccessReviewer } from '@meshkeeper/kubernetes';

/** Undefined lets a request pass. */
export type Refusal = { readonly code: 401 | 403 | 503; readonly message: string };

export type Guard = (authorization: string | undefined, needed: readonly Access[]) => Promise<Refusal | undefined>;

/** For a console that only those reach who may see everything, such as that of the sandbox. */
export const OPEN_TO_ALL: Guard = async () => undefined;

/** Lets a caller see what they could see with `kubectl`: the API server says who they are and what they may do. */
export function createGuard(reviewer: AccessReviewer): Guard {
  return async (authorization, needed) => {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined)
      return { code: 401, message: 'Send a Kubernetes bearer token: Authorization: Bearer TOKEN.' };
    try {
      const caller = await reviewer.whoIs(token);
      if (caller === undefined) return { code: 401, message: 'The API server does not accept this token.' };
      for (const access of needed)
        if (!(await reviewer.may(caller, access))) return { code: 403, message: refused(caller.username, access) };
      return undefined;
    } catch (error) {
      return { code: 503, message: `The API server cannot be asked what you may see: ${messageOf(error)}` };
    }
  };
}

function refused(username: string, { verb, group, resource, namespace, name }: Access): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  return `${username} may not ${verb} ${kind}${name === undefined ? '' : ` ${name}`} in namespace ${namespace}.`;
}
