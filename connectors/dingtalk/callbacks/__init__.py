"""What DingTalk posts to an address of ours: events, presses of cards, words to the robot."""
