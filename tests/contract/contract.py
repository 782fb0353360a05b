# SPDX-License-Identifier: Apache-2.0
"""The contract, one row a fact: what a caller may rely on, whatever the .proto files say.

A change here is a change for callers. A row that a .proto contradicts is a defect in one of them.
"""

# Fields: number, name, kind, JSON name, rules. Types of other packages by their last name.
MESSAGES = {
    "contacts.v1.Contact": """
        1   id                                      string           id                                 output_only
        2   customer_id                             string           customerID                         empty_is_null
        3   contact_type                            string           contactType
        4   title                                   string           title
        5   first_name                              string           firstName
        6   last_name                               string           lastName
        7   company_name                            string           companyName
        8   address1                                string           address1
        9   address2                                string           address2
        10  address3                                string           address3
        11  address4                                string           address4
        12  address5                                string           address5
        13  postcode                                string           postcode
        14  country                                 string           country
        15  number1                                 string           number1
        16  number1_type                            string           number1type
        17  number2                                 string           number2
        18  number2_type                            string           number2type
        19  number3                                 string           number3
        20  number3_type                            string           number3type
        21  number4                                 string           number4
        22  number4_type                            string           number4type
        23  email                                   string           email
        24  website                                 string           website
        25  account_password                        string           accountPassword                    input_only,sensitive
        26  contact_position                        string           contactPosition
        27  dealer_code                             string           dealerCode
        28  contact_regarding                       repeated-string  contactRegarding
        29  email_bill_type                         string           emailBillType
        30  invoice_usage_report_customer_profile   string           invoiceUsageReportCustomerProfile
        31  copy_correspondence_type_ids            repeated-string  copyCorrespondenceTypeIDs
        32  copy_ticket_type_ids                    repeated-string  copyTicketTypeIDs
        33  has_account_password                    bool             hasAccountPassword                 output_only
        40  create_time                             Timestamp        createTime                         output_only
        41  update_time                             Timestamp        updateTime                         output_only
        42  etag                                    string           etag                               output_only
    """,
    "contacts.v1.ContactLinks": """
        1   contact_id      string           contactID
        2   customer_ids    repeated-string  customerIDs
    """,
    "contacts.v1.Customer": """
        1   id              string     id
        2   name            string     name
        3   account_number  string     accountNumber
        4   crm_reference   string     CRMReference
        40  create_time     Timestamp  createTime      output_only
        41  update_time     Timestamp  updateTime      output_only
        42  etag            string     etag            output_only
    """,
    "contacts.v1.PresetValue": """
        1   field    string  field
        2   name     string  name
        3   retired  bool    retired
    """,
    "contacts.v1.Change": """
        1   revision             uint64           revision
        2   time                 Timestamp        time
        3   caller               string           caller
        4   request_id           string           requestId
        5   kind                 ChangeKind       kind
        6   contact              Contact          contact
        7   linked_customer_ids  repeated-string  linkedCustomerIDs
        8   customer             Customer         customer
        9   preset_value         PresetValue      presetValue
    """,
    "contacts.v1.ImportLine": """
        1   preset               PresetValue      preset
        2   customer             Customer         customer
        3   contact              Contact          contact
        4   linked_customer_ids  repeated-string  linkedCustomerIDs
    """,
    "nnrpc.v1.RequestFrame": """
        1   metadata         repeated-Metadata  metadata
        2   requests         repeated-Request   requests
        3   max_reply_bytes  uint32             maxReplyBytes
        4   frame_id         uint64             frameId
    """,
    "nnrpc.v1.Request": """
        1   method      string             method
        2   timeout_ms  uint32             timeoutMs
        3   metadata    repeated-Metadata  metadata
        4   message     bytes              message
    """,
    "nnrpc.v1.ResponseFrame": """
        1   responses  repeated-Response  responses
        2   frame_id   uint64             frameId
    """,
    "nnrpc.v1.Response": """
        1   status    Status             status
        2   metadata  repeated-Metadata  metadata
        3   message   bytes              message
    """,
    "nnrpc.v1.Metadata": """
        1   key    string  key
        2   value  bytes   value
    """,
    "nnrpc.v1.Status": """
        1   code              int32                    code
        2   message           string                   message
        3   error_info        ErrorInfo                errorInfo
        4   field_violations  repeated-FieldViolation  fieldViolations
    """,
    "nnrpc.v1.ErrorInfo": """
        1   reason    string              reason
        2   domain    string              domain
        3   metadata  map<string,string>  metadata
    """,
    "nnrpc.v1.FieldViolation": """
        1   field        string  field
        2   description  string  description
        3   reason       string  reason
    """,
}

# Requests and responses: each field's name and kind. Their numbers are held by the baseline image.
REQUESTS = """
    contacts.v1.GetContactRequest               id:string read_mask:FieldMask
    contacts.v1.GetContactResponse              contact:Contact
    contacts.v1.ListContactsRequest             page_size:int32 page_token:string id_after:string created_since:Timestamp read_mask:FieldMask customer_id:string dealer_code:string form:ContactForm email:string number:string include_links:bool
    contacts.v1.ListContactsResponse            contacts:repeated-Contact next_page_token:string links:repeated-ContactLinks
    contacts.v1.CreateContactRequest            contact:Contact request_id:string validate_only:bool
    contacts.v1.CreateContactResponse           contact:Contact
    contacts.v1.UpdateContactRequest            contact:Contact update_mask:FieldMask request_id:string validate_only:bool
    contacts.v1.UpdateContactResponse           contact:Contact
    contacts.v1.DeleteContactRequest            id:string etag:string request_id:string validate_only:bool
    contacts.v1.DeleteContactResponse
    contacts.v1.ConvertToSharedContactRequest   id:string etag:string request_id:string validate_only:bool
    contacts.v1.ConvertToSharedContactResponse  contact:Contact
    contacts.v1.BatchGetContactsRequest         ids:repeated-string read_mask:FieldMask
    contacts.v1.BatchGetContactsResponse        contacts:repeated-Contact missing_ids:repeated-string remaining_ids:repeated-string
    contacts.v1.ListContactCustomersRequest     contact_id:string page_size:int32 page_token:string
    contacts.v1.ListContactCustomersResponse    customers:repeated-Customer next_page_token:string
    contacts.v1.VerifyAccountPasswordRequest    id:string password:string
    contacts.v1.VerifyAccountPasswordResponse   verified:bool
    contacts.v1.GetCustomerRequest              id:string read_mask:FieldMask
    contacts.v1.GetCustomerResponse             customer:Customer
    contacts.v1.ListCustomersRequest            page_size:int32 page_token:string id_after:string created_since:Timestamp read_mask:FieldMask account_number:string crm_reference:string
    contacts.v1.ListCustomersResponse           customers:repeated-Customer next_page_token:string
    contacts.v1.CreateCustomerRequest           customer:Customer request_id:string validate_only:bool
    contacts.v1.CreateCustomerResponse          customer:Customer
    contacts.v1.UpdateCustomerRequest           customer:Customer update_mask:FieldMask request_id:string validate_only:bool
    contacts.v1.UpdateCustomerResponse          customer:Customer
    contacts.v1.DeleteCustomerRequest           id:string etag:string request_id:string validate_only:bool
    contacts.v1.DeleteCustomerResponse          deleted_contact_count:uint32 removed_link_count:uint32
    contacts.v1.AddSharedContactRequest         customer_id:string contact_id:string request_id:string validate_only:bool
    contacts.v1.AddSharedContactResponse        contact:Contact
    contacts.v1.RemoveSharedContactRequest      customer_id:string contact_id:string request_id:string validate_only:bool
    contacts.v1.RemoveSharedContactResponse     contact:Contact
    contacts.v1.ListChangesRequest              after_revision:uint64 page_size:int32
    contacts.v1.ListChangesResponse             changes:repeated-Change next_revision:uint64
    contacts.v1.ImportContactRequest            contact:Contact linked_customer_ids:repeated-string keep_id:bool request_id:string validate_only:bool
    contacts.v1.ImportContactResponse           contact:Contact
    contacts.v1.BackupRequest                   name:string
    contacts.v1.BackupResponse                  revision:uint64 size_bytes:uint64
    contacts.v1.ListPresetValuesRequest         field:string include_retired:bool page_size:int32 page_token:string
    contacts.v1.ListPresetValuesResponse        values:repeated-PresetValue next_page_token:string
    contacts.v1.PutPresetValueRequest           field:string name:string request_id:string validate_only:bool
    contacts.v1.PutPresetValueResponse          value:PresetValue
    contacts.v1.RetirePresetValueRequest        field:string name:string request_id:string validate_only:bool
    contacts.v1.RetirePresetValueResponse       value:PresetValue
    nnrpc.v1.CancelCallsRequest                 calls:repeated-CallId
    nnrpc.v1.CancelCallsResponse                cancelled_count:uint32
    nnrpc.v1.CheckRequest                       service:string
    nnrpc.v1.CheckResponse                      status:ServingStatus
    nnrpc.v1.ListServicesRequest
    nnrpc.v1.ListServicesResponse               services:repeated-ServiceSummary
    nnrpc.v1.GetFileDescriptorSetRequest        service:string
    nnrpc.v1.GetFileDescriptorSetResponse       file_descriptor_set:bytes
    nnrpc.v1.GetStatsRequest
    nnrpc.v1.GetStatsResponse                   start_time:Timestamp server:string frames:uint64 malformed_frames:uint64 received_bytes:uint64 sent_bytes:uint64 calls_in_flight:uint64 methods:repeated-MethodStats gauges:repeated-Gauge uptime_ms:uint64
    nnrpc.v1.ListCallsRequest                   method:string min_duration_us:uint64 state:CallState page_size:uint32
    nnrpc.v1.ListCallsResponse                  calls:repeated-CallInfo
"""

# Methods: name, role, idempotency (read: no side effects; write: harmless to repeat; once: neither),
# when slow, and what the body of the request and of the answer is over HTTP.
METHODS = """
    contacts.v1.ContactService/GetContact               READER  read   -                         -         contact
    contacts.v1.ContactService/ListContacts             READER  read   -                         -         contacts
    contacts.v1.ContactService/CreateContact            WRITER  write  contact.account_password  contact   contact
    contacts.v1.ContactService/UpdateContact            WRITER  write  contact.account_password  contact   contact
    contacts.v1.ContactService/DeleteContact            WRITER  write  -                         -         -
    contacts.v1.ContactService/ConvertToSharedContact   WRITER  write  -                         *         contact
    contacts.v1.ContactService/BatchGetContacts         READER  read   -                         none      none
    contacts.v1.ContactService/ListContactCustomers     READER  read   -                         -         customers
    contacts.v1.ContactService/VerifyAccountPassword    READER  read   always                    *         -
    contacts.v1.CustomerService/GetCustomer             READER  read   -                         -         customer
    contacts.v1.CustomerService/ListCustomers           READER  read   -                         -         customers
    contacts.v1.CustomerService/CreateCustomer          WRITER  write  -                         customer  customer
    contacts.v1.CustomerService/UpdateCustomer          WRITER  write  -                         customer  customer
    contacts.v1.CustomerService/DeleteCustomer          WRITER  write  -                         -         -
    contacts.v1.CustomerService/AddSharedContact        WRITER  write  -                         *         contact
    contacts.v1.CustomerService/RemoveSharedContact     WRITER  write  -                         *         contact
    contacts.v1.ChangeService/ListChanges               READER  read   -                         -         changes
    contacts.v1.AdminService/ImportContact              ADMIN   write  contact.account_password  none      none
    contacts.v1.AdminService/Backup                     ADMIN   once   always                    none      none
    contacts.v1.PresetService/ListPresetValues          READER  read   -                         -         values
    contacts.v1.PresetService/PutPresetValue            ADMIN   write  -                         *         value
    contacts.v1.PresetService/RetirePresetValue         ADMIN   write  -                         *         value
    nnrpc.v1.ControlService/CancelCalls                 PUBLIC  read   -                         none      none
    nnrpc.v1.HealthService/Check                        PUBLIC  read   -                         none      none
    nnrpc.v1.ReflectionService/ListServices             PUBLIC  read   -                         none      none
    nnrpc.v1.ReflectionService/GetFileDescriptorSet     PUBLIC  read   -                         none      none
    nnrpc.v1.StatsService/GetStats                      READER  read   -                         none      none
    nnrpc.v1.StatsService/ListCalls                     ADMIN   read   -                         none      none
"""

# HTTP: verb, path below /backend/api/v1, action, method, status, where a new thing is.
ROUTES = """
    GET     /customerContacts/{id}                                 -                       ContactService/GetContact              200  -
    GET     /customerContacts/                                     -                       ContactService/ListContacts            200  -
    GET     /customers/{customer_id}/customerContacts/             -                       ContactService/ListContacts            200  -
    POST    /customerContacts/                                     -                       ContactService/CreateContact           201  /customerContacts/{contact.id}
    POST    /customers/{contact.customer_id}/customerContacts/     -                       ContactService/CreateContact           201  /customerContacts/{contact.id}
    PATCH   /customerContacts/{contact.id}                         -                       ContactService/UpdateContact           200  -
    DELETE  /customerContacts/{id}                                 -                       ContactService/DeleteContact           204  -
    POST    /customerContacts/{id}                                 convertToSharedContact  ContactService/ConvertToSharedContact  200  -
    GET     /customerContacts/{contact_id}/customers/              -                       ContactService/ListContactCustomers    200  -
    POST    /customerContacts/{id}                                 verifyAccountPassword   ContactService/VerifyAccountPassword   200  -
    GET     /customers/{id}                                        -                       CustomerService/GetCustomer            200  -
    GET     /customers/                                            -                       CustomerService/ListCustomers          200  -
    POST    /customers/                                            -                       CustomerService/CreateCustomer         201  /customers/{customer.id}
    PATCH   /customers/{customer.id}                               -                       CustomerService/UpdateCustomer         200  -
    DELETE  /customers/{id}                                        -                       CustomerService/DeleteCustomer         200  -
    POST    /customers/{customer_id}                               addSharedContact        CustomerService/AddSharedContact       200  -
    POST    /customers/{customer_id}                               removeSharedContact     CustomerService/RemoveSharedContact    200  -
    GET     /changes/                                              -                       ChangeService/ListChanges              200  -
    GET     /presets/{field}/                                      -                       PresetService/ListPresetValues         200  -
    PUT     /presets/{field}/{name}                                -                       PresetService/PutPresetValue           200  -
    POST    /presets/{field}/{name}                                retire                  PresetService/RetirePresetValue        200  -
"""

# Enums whose numbers callers know.
ENUMS = {
    "contacts.v1.ContactForm": "UNSPECIFIED=0 DIRECT=1 SHARED=2",
    "contacts.v1.ChangeKind": "UNSPECIFIED=0 CONTACT_CREATED=1 CONTACT_UPDATED=2 CONTACT_CONVERTED=3 "
    "CONTACT_DELETED=4 LINK_ADDED=5 LINK_REMOVED=6 CUSTOMER_CREATED=7 CUSTOMER_UPDATED=8 "
    "CUSTOMER_DELETED=9 PRESET_PUT=10 PRESET_RETIRED=11",
    "nnrpc.v1.Role": "UNSPECIFIED=0 PUBLIC=1 READER=2 WRITER=3 ADMIN=4",
    "nnrpc.v1.ServingStatus": "UNSPECIFIED=0 SERVING=1 NOT_SERVING=2",
}

# Numbers of the options, which other generators may read.
OPTIONS = """
    google.protobuf.MethodOptions  50201  role   Role
    google.protobuf.MethodOptions  50202  http   HttpRule
    google.protobuf.MethodOptions  50203  slow   SlowRule
    google.protobuf.FieldOptions   50211  field  FieldRule
"""

# gRPC's codes.
CODES = """
    OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS
    PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED
    INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED
""".split()
