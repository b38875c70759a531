import type { Prediction, SampleState } from '@meshkeeper/sandbox';
import { stateArguments } from './state-folder.ts';

export type WelcomeFacts = {
  /** Its state folder. */
  readonly folder: string;
  readonly consoleUrl: string | undefined;
  readonly sample: SampleState;
  /** What the samples answered. */
  readonly predictions: readonly Prediction[];
  /** Milliseconds from the start to now. */
  readonly tookMs: number;
};

/** The screen on which a start ends: where to go from here. */
export function welcome(facts: WelcomeFacts): string {
  return `
${sampleLine(facts)}
${facts.predictions.map(predictionLines).join('')}
  In another shell:   source <(npm run --silent env${stateArguments(facts.folder)})
  Console:            ${facts.consoleUrl ?? 'not started'}

  Try:
    kubectl get isvc
    kubectl apply -f deploy/sample/second-isvc.yaml && kubectl get isvc -w
    kubectl get events --sort-by=.lastTimestamp
    kubectl logs deploy/modelmesh-serving-onnx-1.x -c puller

  Ctrl-C stops everything; the next npm start${stateArguments(facts.folder)} resumes it.
`;
}

function sampleLine({ sample, tookMs }: WelcomeFacts): string {
  const took = `${(tookMs / 1000).toFixed(1)} s`;
  if (sample.kind === 'absent') return `Ready after ${took}; there is no sample model.`;
  if (sample.kind === 'ready') return `Ready after ${took}: the sample model is served.`;
  return `Started after ${took}, but the sample model is not ready: it waits for ${sample.waitsFor}.`;
}

function predictionLines({ url, request, answer }: Prediction): string {
  return `
  curl ${url} -d @${request}
    ${answer}
`;
}
