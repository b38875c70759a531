import { request } from 'undici';
import type { Pod } from '../src/kube/objects.ts';

const probe = (path: string): object => ({ httpGet: { path, port: 'http' }, periodSeconds: 1, timeoutSeconds: 1 });

/** An app that uses what a node offers: arguments, environment, files of a Secret, probes. */
export const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'echo' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'echo' } },
    template: {
      metadata: { labels: { app: 'echo' } },
      spec: {
        terminationGracePeriodSeconds: 3,
        containers: [
          {
            name: 'echo',
            image: 'example/echo:1',
            args: ['--peer=localhost:9000', '--name=$(POD_NAME)', '/etc/given/word'],
            ports: [{ name: 'http', containerPort: 8089 }],
            env: [
              { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
              { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'requests.memory' } } },
              { name: 'FILE', value: '/etc/given/word' },
              { name: 'URL', value: 'http://127.0.0.1:8033/models' },
            ],
            resources: { requests: { memory: '96Mi' } },
            readinessProbe: { ...probe('/ready'), initialDelaySeconds: 5 },
            livenessProbe: { ...probe('/live'), initialDelaySeconds: 2, failureThreshold: 1 },
            volumeMounts: [{ name: 'given', mountPath: '/etc/given' }],
          },
          { name: 'other', image: 'example/nothing-local:1' },
        ],
        volumes: [{ name: 'given', secret: { secretName: 'given' } }],
      },
    },
  },
};

export const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'echo' },
  spec: { selector: { app: 'echo' }, ports: [{ port: 80, targetPort: 8089 }] },
};

type Echo = {
  readonly pid: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly content: string;
  readonly cwd: string;
};

/** What the app answers, which is what it was started with. */
export async function ask(pod: Pod, path = '/'): Promise<Echo> {
  const answer = await request(`http://${pod.status.podIP?.replace('10.', '127.')}:8089${path}`);
  return (await answer.body.json()) as Echo;
}
