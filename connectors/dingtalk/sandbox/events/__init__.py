"""Events: what happened in the company, pushed to the applications that subscribed."""
