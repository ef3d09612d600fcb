"""The control API of the twin, under `/__sandbox/`: everything that DingTalk itself does not offer."""
