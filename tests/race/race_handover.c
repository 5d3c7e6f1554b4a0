/* race_handover.c - shows that the thread sanitizer watches a hand-over: with "planted" the sender
 * writes to an item after it gave it away, which must be reported; without, the same exchange is
 * clean. Built under the preset tsan alone.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/handover.h"

struct item {
    int value;
};

static void *receive(void *handover)
{
    struct item *item = handover_receive(handover, -1);

    item->value++;
    return item;
}

int main(int argc, char **argv)
{
    struct handover *handover = handover_create(1, NULL, NULL);
    struct item *item = calloc(1, sizeof(*item));
    pthread_t receiver;
    void *received;
    int value;

    if (!handover || !item || pthread_create(&receiver, NULL, receive, handover) != 0)
        return EXIT_FAILURE;
    item->value = 1;
    if (handover_send(handover, item) < 0)
        return EXIT_FAILURE;
    /* Whichever thread comes first here: nothing orders this write against the receiver's. */
    if (argc > 1 && strcmp(argv[1], "planted") == 0)
        item->value = 10;
    pthread_join(receiver, &received);
    value = item->value;
    printf("value %d\n", value);
    free(item);
    handover_destroy(handover);
    return received == item && value == 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
