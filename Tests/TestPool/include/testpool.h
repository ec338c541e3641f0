// Why this exists: Swift's own pool has a thread for each processor, and a test that waits for a container or a VM keeps one
// busy. The hook that gives it more threads takes Swift's calling convention, which only C can declare.
#pragma once

/// The threads on which tests run.
int test_pool_width(void);
