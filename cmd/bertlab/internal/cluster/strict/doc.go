// Package strict tests the manifests that bertlab prints with the types of Kubernetes itself. It is a module of its own, so that nobody
// who builds bertlab needs those.
package strict
