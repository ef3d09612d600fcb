"""One file a stage; `pipelines.chain` has their order."""
