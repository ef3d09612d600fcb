"""DingTalk's Stream: what DingTalk says comes over a WebSocket that we open, so no address of ours is needed.

https://open-dingtalk.github.io/developerpedia/docs/learn/stream/protocol
"""
