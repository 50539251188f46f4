package registry_test

import (
	"context"
	"log"

	"bertlab/gbert/hub/registry"
)

func ExampleRegistry_Bring() {
	file := registry.File{Package: "package", Version: "0.0.1", Name: "package-0.0.1.whl", SHA256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"}
	if err := (registry.Registry{}).Bring(context.Background(), file, "/cache/package.whl", nil, nil); err != nil {
		log.Fatal(err)
	}
}
