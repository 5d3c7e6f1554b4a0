/* fault_names.h - every fault point and every protection there is, with what it stands for.
 * A name used in the code and missing here, or here and used nowhere, fails test_fault_point.
 */
#pragma once

/* X(name, the moment it marks) */
#define FAULT_POINTS(X)                                                                            \
    X("agent_record_committed", "the journal's commit is on disk, nobody has been told")           \
    X("agent_commit_late", "answered before the commit (only with intent_fsync left out)")         \
    X("agent_accepted", "ACCEPTED is on disk, the run waits for its files")                        \
    X("agent_attempt_raised", "the next attempt is on disk, its first intent is not")              \
    X("agent_result_before", "the machine is put back, RESULT is not written")                     \
    X("agent_intent_fsynced", "a BMC step's intent is on disk, the command is not given")          \
    X("agent_command_before", "a BMC is about to be told power or boot device")                    \
    X("agent_command_after", "the BMC has answered that, the run has not heard of it")             \
    X("agent_records_before_send", "records are read from the journal, not on the wire")           \
    X("agent_committed_received", "the controller's COMMITTED has come, not been noted")           \
    X("musterd_lease_begin", "tasks of a session's site are due, nothing is asked or leased")      \
    X("musterd_lease_committed", "tasks are leased in the database, no order is signed")           \
    X("musterd_sent_committed", "an order counts as sent, it is not on the wire")                  \
    X("musterd_records_before_commit", "an agent's records are applied, not committed")            \
    X("musterd_records_committed", "an agent's records are committed, COMMITTED is not sent")      \
    X("musterd_partitions_revoked", "partitions are ours no more, Kafka has not heard it")         \
    X("musterd_batch_begin", "a batch of alerts has come, nothing is asked or decided")            \
    X("musterd_batch_before_commit", "a batch of alerts is decided, not committed")                \
    X("musterd_batch_committed", "a batch of alerts is committed, the consumer does not know")     \
    X("musterd_due_before_commit", "what rules waited for is worked through, not committed")       \
    X("musterd_due_committed", "what rules waited for is committed, nobody knows")

/* X(name, what goes wrong without it) */
#define PROTECTIONS(X)                                                                             \
    X("epoch_check", "an agent refuses orders below the highest epoch seen of the machine")        \
    X("intent_fsync", "a journal batch is answered only behind its commit")                        \
    X("cursor_fence", "a batch commits only under the cursor's current epoch and position")        \
    X("session_fence", "only the controller that owns an agent's session leases for its site")     \
    X("restore", "every end of a run puts the machine back as it was found")
