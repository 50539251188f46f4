// Package cluster writes what schedulers take: a script for Slurm's sbatch, or manifests for Kubernetes, that do the papers in shards and
// gather them. It talks to no scheduler.
package cluster
