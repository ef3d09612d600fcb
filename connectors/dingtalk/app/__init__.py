"""An enterprise application of DingTalk as a sender: its robot, work notifications, cards and approvals."""
