/* What `bench compile` compiles: a counter of words, and a little arithmetic. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOTS 4096
#define SIDE 64

struct word {
    struct word *next;
    unsigned long count;
    char text[];
};

static struct word *slots[SLOTS];

static uint32_t hash(const char *text) {
    uint32_t value = 2166136261u;
    while (*text != 0) value = (value ^ (unsigned char)*text++) * 16777619u;
    return value;
}

static struct word *find(const char *text) {
    struct word **place = &slots[hash(text) % SLOTS];
    for (struct word *word = *place; word != NULL; word = word->next)
        if (strcmp(word->text, text) == 0) return word;
    struct word *word = calloc(1, sizeof *word + strlen(text) + 1);
    if (word == NULL) return NULL;
    strcpy(word->text, text);
    word->next = *place;
    return *place = word;
}

static int read_words(FILE *file) {
    char text[256];
    size_t length = 0;
    for (int c; (c = getc(file)) != EOF;) {
        if (isalnum(c) && length < sizeof text - 1) {
            text[length++] = (char)tolower(c);
        } else if (length > 0) {
            text[length] = 0;
            length = 0;
            struct word *word = find(text);
            if (word == NULL) return -ENOMEM;
            word->count++;
        }
    }
    return ferror(file) ? -EIO : 0;
}

static int by_count(const void *left, const void *right) {
    const struct word *a = *(struct word *const *)left, *b = *(struct word *const *)right;
    if (a->count != b->count) return a->count < b->count ? 1 : -1;
    return strcmp(a->text, b->text);
}

static void multiply(double result[SIDE][SIDE], double a[SIDE][SIDE], double b[SIDE][SIDE]) {
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            double sum = 0;
            for (int k = 0; k < SIDE; k++) sum += a[i][k] * b[k][j];
            result[i][j] = sum;
        }
}

static double spectrum(const struct word *const *words, size_t count) {
    static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
    for (size_t i = 0; i < SIDE * SIDE; i++) {
        a[i / SIDE][i % SIDE] = count > 0 ? sqrt((double)words[i % count]->count) : 1;
        b[i % SIDE][i / SIDE] = cos((double)i) * exp(-(double)i / SIDE);
    }
    multiply(c, a, b);
    double sum = 0;
    for (int i = 0; i < SIDE; i++) sum += fabs(c[i][i]);
    return sum;
}

int main(int argc, char **argv) {
    FILE *file = argc > 1 ? fopen(argv[1], "r") : stdin;
    if (file == NULL || read_words(file) < 0) {
        fprintf(stderr, "%s: %s\n", argc > 1 ? argv[1] : "stdin", strerror(errno));
        return EXIT_FAILURE;
    }
    size_t count = 0;
    for (size_t i = 0; i < SLOTS; i++)
        for (struct word *word = slots[i]; word != NULL; word = word->next) count++;
    struct word **all = calloc(count + 1, sizeof *all);
    if (all == NULL) return EXIT_FAILURE;
    size_t next = 0;
    for (size_t i = 0; i < SLOTS; i++)
        for (struct word *word = slots[i]; word != NULL; word = word->next) all[next++] = word;
    qsort(all, count, sizeof *all, by_count);
    for (size_t i = 0; i < count && i < 20; i++) printf("%8lu %s\n", all[i]->count, all[i]->text);
    printf("%zu words, %.3f, %ld\n", count, spectrum((const struct word *const *)all, count), (long)time(NULL));
    return EXIT_SUCCESS;
}
