"""The process centre: approvals that another system decides, shown in DingTalk as to-dos."""
