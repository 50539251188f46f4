package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/cluster"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/papers/experiment"
)

func (a *app) clusterCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "cluster",
		Short: "Print what a scheduler takes to run papers on many machines",
		Long: `Print a script for Slurm or manifests for Kubernetes that run the experiments of papers in shards, in a folder that all machines see, and
gather them when all have ended. Time and memory come from the steps that are still to be done in --out. See docs/cluster.md.`,
		Example: `  bertlab cluster slurm heads --tasks 4 --parallel 2 --out /shared/results | sbatch
  bertlab cluster kubernetes heads --tasks 4 --image registry.example/bertlab:1 --claim results | kubectl apply -f -`,
	}, a.slurmCommand(), a.kubernetesCommand())
}

// clusterFlags are those of all schedulers.
type clusterFlags struct {
	requestFlags
	cluster.Flags
}

func (c *clusterFlags) add(a *app, flags *pflag.FlagSet) {
	c.Flags.Add(flags)
	a.writes(flags, output.Target{Flag: "out", Kind: output.Folder})
	c.requestFlags.add(flags)
}

// fill plans the papers' steps, if time and memory are not both given, and completes the job.
func (a *app) fill(command *cobra.Command, c *clusterFlags, papers []string) (r experiment.Request, err error) {
	chosen, err := workbench.ChoosePapers(a.papers, papers)
	if err != nil {
		return r, err
	}
	if r, err = a.request(command.Flags(), &c.requestFlags, chosen); err != nil {
		return r, err
	}
	for _, p := range chosen {
		if err := p.Accepts(r); err != nil {
			return r, err
		}
	}
	if err := c.Complete(command.Flags(), papers); err != nil { // before anything is planned
		return r, call.Wrap(err)
	}
	if c.Time != 0 && c.Memory != 0 {
		c.Why = "Time and memory were given"
		return r, nil
	}
	env, done, err := a.Laboratory(command.Context(), a.place())
	if err != nil {
		return r, err
	}
	defer done()
	env.Dir = c.Out
	forecasts, err := experiment.Foresee(command.Context(), env, chosen, r)
	if err == nil {
		c.Expect(experiment.SumOf(forecasts))
	}
	return r, err
}

func (a *app) slurmCommand() *cobra.Command {
	var c clusterFlags
	s := cluster.Slurm{Program: "bertlab"}
	command := &cobra.Command{
		Use:   "slurm [paper…]",
		Short: "Print a script for sbatch: an array of shards, and their gathering",
		Long: `Print a script for sbatch: an array of --tasks shards, of which at most --parallel run at once, in the folder --out that all machines see. A
task that the time limit or the machine stops is put back and goes on where it was. When all have ended, one more job gathers what they did
and names what is missing.`,
		Example: `  bertlab cluster slurm heads layers --tasks 8 --parallel 4 --out /shared/results > papers.sh
  sbatch papers.sh`,
		RunE: a.begin(func(command *cobra.Command, papers []string) error {
			if _, err := a.fill(command, &c, papers); err != nil {
				return err
			}
			s.Job = c.Job
			if c.protocol != "" {
				s.Arguments = append(s.Arguments, "--protocol", c.protocol)
			}
			return a.manifest(s.Write)
		}),
	}
	c.add(a, command.Flags())
	command.Flags().StringVar(&s.Partition, "partition", "", "partition (default: the cluster's)")
	command.Flags().StringVar(&s.Account, "account", "", "account (default: the user's)")
	command.Flags().StringVar(&s.Program, "program", "bertlab", "how tasks call bertlab, such as its path on the machines")
	return command
}

func (a *app) kubernetesCommand() *cobra.Command {
	var c clusterFlags
	var k cluster.Kubernetes
	command := &cobra.Command{
		Use:   "kubernetes [paper…]",
		Short: "Print manifests for kubectl: an Indexed Job of shards, and the Job that gathers them",
		Long: `Print manifests for kubectl: an Indexed Job of --tasks shards, of which at most --parallel run at once, on a volume that all of them share,
and a Job that waits for them, gathers what they did, and names what is missing. --image is made by the Dockerfile.`,
		Example: `  bertlab cluster kubernetes heads --tasks 8 --image registry.example/bertlab:1 --claim results > papers.yaml
  kubectl apply -f papers.yaml`,
		RunE: a.begin(func(command *cobra.Command, papers []string) error {
			r, err := a.fill(command, &c, papers)
			if err != nil {
				return err
			}
			k.Job, k.Protocol = c.Job, string(r.Protocol)
			if k.Protocol != "" {
				k.Arguments = append(k.Arguments, "--protocol", cluster.ProtocolFile)
			}
			return a.manifest(k.Write)
		}),
	}
	c.add(a, command.Flags())
	command.Flags().StringVar(&k.Image, "image", "bertlab:latest", "image of the Dockerfile, as the machines pull it")
	command.Flags().StringVar(&k.Claim, "claim", "bertlab", "PersistentVolumeClaim of the results, which allows ReadWriteMany")
	command.Flags().StringVar(&k.Namespace, "namespace", "", "namespace (default: that of whoever applies it)")
	return command
}

// manifest prints what a scheduler takes, with --json as the string of a document.
func (a *app) manifest(write func(io.Writer) error) error {
	var text strings.Builder
	if err := write(&text); err != nil {
		return call.Wrap(err)
	}
	if a.json {
		return a.print(map[string]string{"manifest": text.String()}, nil)
	}
	a.Meter.Clear()
	_, err := io.WriteString(a.stdout, text.String()) // its tabs are the shell's
	return err
}
