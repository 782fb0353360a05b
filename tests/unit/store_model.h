/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of the store in plain arrays, which makes random acts and predicts everything about them:
 * success or the reason of the refusal, the revision, and what every record is afterwards.
 */
#ifndef CONTACTS_TESTS_STORE_MODEL_H
#define CONTACTS_TESTS_STORE_MODEL_H

#include "store_fixture.h"

#define CUSTOMERS 12
#define IDS_MOST 6000
#define TITLES 5
#define ACCOUNTS 8
#define BATCH_MOST 60
#define NONE (-1)

/** Texts that contacts have; the first of each is empty. */
#define MODEL_TEXTS 4
extern const char *const model_names[MODEL_TEXTS];
extern const char *const model_emails[MODEL_TEXTS];
extern const char *const model_numbers[MODEL_TEXTS];

struct model_contact {
    bool exists;
    bool has_password;
    int customer; /* NONE: shared */
    int title;    /* NONE: not set */
    int name;
    int email;
    int number;
    bool linked[CUSTOMERS];
    uint64_t changed; /* revision of its etag */
};

struct model_customer {
    bool exists;
    int account; /* NONE: not set */
    int name;
    uint64_t changed;
};

struct model {
    uint64_t revision;
    uint64_t next_id;
    struct model_contact contacts[IDS_MOST];
    struct model_customer customers[CUSTOMERS];
    int titles[TITLES]; /* 0: absent, 1: active, 2: retired */
};

/* One act with all that its request points at, and what the model says of it. */
struct act {
    struct pending pending;
    union {
        Contacts__V1__CreateContactRequest create;
        Contacts__V1__ImportContactRequest import;
        Contacts__V1__UpdateContactRequest update;
        Contacts__V1__DeleteContactRequest delete_contact;
        Contacts__V1__ConvertToSharedContactRequest convert;
        Contacts__V1__CreateCustomerRequest create_customer;
        Contacts__V1__UpdateCustomerRequest update_customer;
        Contacts__V1__DeleteCustomerRequest delete_customer;
        Contacts__V1__AddSharedContactRequest add;
        Contacts__V1__RemoveSharedContactRequest take_away;
        Contacts__V1__PutPresetValueRequest put;
        Contacts__V1__RetirePresetValueRequest retire;
    } request;
    Contacts__V1__Contact contact;
    Contacts__V1__Customer customer;
    Google__Protobuf__FieldMask mask;
    char *paths[3];
    char id[ID_BYTES];
    char customer_id[16];
    char title[16];
    char account[16];
    char etag[40];
    char link_texts[CUSTOMERS][16];
    char *links[CUSTOMERS];
    char request_id[32];
    struct store_write write;
    const char *reason; /* "": success */
    uint64_t revision;
};

struct run {
    struct fixture fixture;
    struct model model;
    uint64_t seed;
    uint32_t act_count;
    struct act acts[BATCH_MOST];
};

/** A random number below a limit; whether something of so many percent happens. */
uint32_t model_below(struct run *run, uint32_t limit);
bool model_chance(struct run *run, uint32_t percent);

/** The texts that stand for numbers: "C3", "T1", "A7"; "" for NONE. */
void model_set_customer_id(char text[16], int customer);
void model_set_title(char text[16], int title);
void model_set_account(char text[16], int account);

/** Takes a customer out of a model. @return how many direct contacts went with it. */
uint64_t model_remove_customer(struct model *model, int customer);

/** Makes the next act, ready to be submitted, and does it in the model. */
void model_make_act(struct run *run, struct act *act);

#endif
