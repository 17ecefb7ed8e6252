import { basename } from 'node:path';
import type { Job, PodFailurePolicy } from 'kubernetes-types/batch/v1.js';

import type { Container, PodSpec, ResourceRequirements } from 'kubernetes-types/core/v1.js';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.js';
import { stringify } from 'yaml';
import { EXIT } from '../../base/errors.js';
import { besidePlan, type Plan } from '../plan-file.js';
import { type JobOptions, type Limits, mergeLimits, shardLimits } from './limits.js';

/** What only Kubernetes needs to know. */
export interface KubernetesOptions extends Omit<JobOptions, 'results' | 'traces' | 'out'> {
  /** The image that the Containerfile makes. */
  readonly image: string;
  /** The PersistentVolumeClaim (ReadWriteMany) with the plan and its traces; results go there. */
  readonly claim: string;
  readonly namespace: string | undefined;
}

/** Where pods have the volume. */
const VOLUME = '/sweep';

function resources({ memoryMib }: Limits, cores: number): ResourceRequirements {
  const memory = `${memoryMib}Mi`;
  return { requests: { cpu: String(cores), memory }, limits: { memory } };
}

function pod(container: Container, claim: string): PodSpec {
  return {
    // What a shard was doing is in its results: a new pod continues, and the exit code of each is known.
    restartPolicy: 'Never',
    securityContext: { fsGroup: 1000 },
    containers: [container],
    volumes: [{ name: 'sweep', persistentVolumeClaim: { claimName: claim } }],
  };
}

function containerOf(image: string, args: readonly string[], limits: Limits, cores: number): Container {
  return {
    name: 'reclaim',
    image,
    args: [...args],
    resources: resources(limits, cores),
    volumeMounts: [{ name: 'sweep', mountPath: VOLUME }],
  };
}

function metadata(name: string, namespace: string | undefined): ObjectMeta {
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: { 'app.kubernetes.io/name': 'reclaim-bench', 'app.kubernetes.io/instance': name },
  };
}

/** Bad input is so in every pod; a node that is drained or lost is not the fault of the shard. */
const FAILURES: PodFailurePolicy = {
  rules: [
    {
      action: 'FailIndex',
      onExitCodes: { containerName: 'reclaim', operator: 'In', values: [EXIT.badInput] },
    },
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
  ],
};

/** The manifest of a sweep: an Indexed Job, a pod a shard, and a Job that waits for its results and merges them. */
export function kubernetesManifest(plan: Plan, options: KubernetesOptions): string {
  const { shards, workers, retries, image, claim, namespace } = options;
  const name = `reclaim-${plan.experiment.name}`.slice(0, 50).replace(/-+$/, '');
  const file = `${VOLUME}/${basename(plan.file)}`;
  const run = ['run', file, '--shards', String(shards), '--workers', String(workers), '--quiet'];
  const out = `${VOLUME}/${basename(besidePlan(plan.file, 'merged'))}`;
  const merge = ['merge', file, '--wait', '--out', out, '--workers', '1', '--quiet'];
  const array: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(name, namespace),
    spec: {
      completionMode: 'Indexed',
      completions: shards,
      parallelism: shards,
      backoffLimitPerIndex: retries,
      maxFailedIndexes: shards,
      podFailurePolicy: FAILURES,
      template: { spec: pod(containerOf(image, run, shardLimits(plan, options), workers), claim) },
    },
  };
  const merging: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(`${name}-merge`, namespace),
    spec: {
      backoffLimit: retries,
      template: { spec: pod(containerOf(image, merge, mergeLimits(plan), 1), claim) },
    },
  };
  return [array, merging]
    .map((job) => `---\n${stringify(job, { lineWidth: 0, aliasDuplicateObjects: false })}`)
    .join('');
}
