// Package hub finds models and data sets by name.
//
// A name is looked for in this order, and the first hit is taken:
//
//  1. the folder BERTLAB_MODELS, under the name or its last part;
//  2. a folder of that path;
//  3. the Hugging Face cache, in Python's layout (blobs, snapshots, refs), shared with Python both ways;
//  4. bertlab's own cache;
//  5. the Hugging Face Hub;
//  6. for [DefaultModel] and [Client.Sentiment], a Python package that holds the same files.
//
// What is cached is used without asking the network. The environment means what Python users expect: HF_HUB_OFFLINE,
// HF_HOME, HF_HUB_CACHE, HF_TOKEN (or the token file that `hf auth login` writes), HF_ENDPOINT. BERTLAB_OFFLINE=1
// forbids the network for all of bertlab; BERTLAB_CACHE moves its own cache.
//
// The token is sent to the endpoint's host alone, over HTTPS alone (or to this machine), and is never printed or
// stored. Downloads are whole or absent, continue where they were cut, and are checked by the hash that the Hub lists,
// for the defaults by one in this program.
//
// The package uses go-huggingface's names and types of the Hub, and not its downloads: those ask the network even for
// cached files, take a cut connection for a finished file (v0.4.0), do not continue, and do not check hashes.
package hub
