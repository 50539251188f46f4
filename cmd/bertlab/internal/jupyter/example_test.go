package jupyter_test

import (
	"context"
	"log"
	"time"

	"bertlab/cmd/bertlab/internal/jupyter"
)

func Example() {
	ctx := context.Background()
	env, err := jupyter.Setup(ctx, jupyter.Options{Log: func(line string) { log.Print(line) }})
	if err != nil {
		log.Fatal(err)
	}
	if err := env.Execute(ctx, "notebooks/02_heads.ipynb", "", 40*time.Minute, []string{"BERTLAB_QUICK=1"}); err != nil {
		log.Fatal(err)
	}
	if err := env.Open(ctx, "notebooks", nil); err != nil { // JupyterLab, until it is closed
		log.Fatal(err)
	}
}
