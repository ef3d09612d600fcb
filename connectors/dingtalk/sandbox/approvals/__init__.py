"""OA approvals: forms that go from person to person until somebody refuses or all have agreed."""
