/* JNI shim: carries each function of org.openlts.Native over to openlts.h.
 *
 * Java objects are read and filled field by field, by name, along the tables
 * below; a Java field is called like its C field. Texts cross as real UTF-8
 * (JNI's own is a modified one).
 *
 * When a JNI call fails, an exception is pending; the function then returns at
 * once and the JVM throws it. What it returns meanwhile is not seen.
 */
#include <jni.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openlts/openlts.h"

enum { MESSAGE_SIZE = 256, UUID_SIZE = 37 };

/* A field of a C struct and the Java field that mirrors it. */
typedef struct Field {
  const char *name;
  size_t offset;
} Field;

/* A list: the field of its values, and the one of their count. */
typedef struct List {
  const char *name;
  size_t values, count;
} List;

/* Android knows none later. */
#define JNI_VERSION JNI_VERSION_1_6

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* generated: tables */
static const Field parameterTexts[] = {
    {"mainServerURL", offsetof(LTS_ConnectionParameters, mainServerURL)},
    {"standbyServerURL", offsetof(LTS_ConnectionParameters, standbyServerURL)},
    {"handshakeCode", offsetof(LTS_ConnectionParameters, handshakeCode)},
    {"sessionPassword", offsetof(LTS_ConnectionParameters, sessionPassword)},
    {"organizationID", offsetof(LTS_ConnectionParameters, organizationID)},
    {"productVersion", offsetof(LTS_ConnectionParameters, productVersion)},
    {"edition", offsetof(LTS_ConnectionParameters, edition)},
    {"validationField", offsetof(LTS_ConnectionParameters, validationField)},
    {"deviceFriendlyName", offsetof(LTS_ConnectionParameters, deviceFriendlyName)},
    {"deviceUUID", offsetof(LTS_ConnectionParameters, deviceUUID)},
    {"serverPublicKey", offsetof(LTS_ConnectionParameters, serverPublicKey)},
    {"caFile", offsetof(LTS_ConnectionParameters, caFile)},
    {"proxyURL", offsetof(LTS_ConnectionParameters, proxyURL)},
    {"dataDirectory", offsetof(LTS_ConnectionParameters, dataDirectory)},
};

static const Field parameterNumbers[] = {
    {"deploymentType", offsetof(LTS_ConnectionParameters, deploymentType)},
    {"chargeWay", offsetof(LTS_ConnectionParameters, chargeWay)},
    {"uuidGenerationMethod", offsetof(LTS_ConnectionParameters, UUIDGenerationMethod)},
    {"maxBufferDays", offsetof(LTS_ConnectionParameters, maxBufferDays)},
    {"maxConcurrentInstanceCount", offsetof(LTS_ConnectionParameters, maxConcurrentInstanceCount)},
    {"products", offsetof(LTS_ConnectionParameters, products)},
    {"resubmit", offsetof(LTS_ConnectionParameters, resubmit)},
    {"slotSeconds", offsetof(LTS_ConnectionParameters, slotSeconds)},
    {"initTimeoutMilliseconds", offsetof(LTS_ConnectionParameters, initTimeoutMilliseconds)},
    {"requestTimeoutMilliseconds", offsetof(LTS_ConnectionParameters, requestTimeoutMilliseconds)},
};

static const Field infoInts[] = {
    {"stateFlags", offsetof(LTS_LicenseInfo, stateFlags)},
    {"statusCode", offsetof(LTS_LicenseInfo, statusCode)},
    {"chargeWay", offsetof(LTS_LicenseInfo, chargeWay)},
    {"slotSeconds", offsetof(LTS_LicenseInfo, slotSeconds)},
};

static const Field infoLongs[] = {
    {"authorizedAt", offsetof(LTS_LicenseInfo, authorizedAt)},
    {"validUntil", offsetof(LTS_LicenseInfo, validUntil)},
    {"bufferUntil", offsetof(LTS_LicenseInfo, bufferUntil)},
    {"quotaLimit", offsetof(LTS_LicenseInfo, quotaLimit)},
    {"quotaUsed", offsetof(LTS_LicenseInfo, quotaUsed)},
    {"modules", offsetof(LTS_LicenseInfo, modules)},
    {"recorded", offsetof(LTS_LicenseInfo, recorded)},
    {"accepted", offsetof(LTS_LicenseInfo, accepted)},
    {"pending", offsetof(LTS_LicenseInfo, pending)},
    {"lost", offsetof(LTS_LicenseInfo, lost)},
    {"lostExpired", offsetof(LTS_LicenseInfo, lostExpired)},
    {"lostRefused", offsetof(LTS_LicenseInfo, lostRefused)},
    {"lostStorage", offsetof(LTS_LicenseInfo, lostStorage)},
};

static const Field infoTexts[] = {
    {"deviceUUID", offsetof(LTS_LicenseInfo, deviceUUID)},
    {"runUUID", offsetof(LTS_LicenseInfo, runUUID)},
    {"handshakeCode", offsetof(LTS_LicenseInfo, handshakeCode)},
    {"organizationID", offsetof(LTS_LicenseInfo, organizationID)},
    {"itemID", offsetof(LTS_LicenseInfo, itemID)},
    {"statusMessage", offsetof(LTS_LicenseInfo, statusMessage)},
};

static const Field eventInts[] = {
    {"kind", offsetof(LTS_Event, kind)},
    {"statusCode", offsetof(LTS_Event, statusCode)},
    {"stateFlags", offsetof(LTS_Event, stateFlags)},
};

static const Field eventLongs[] = {
    {"time", offsetof(LTS_Event, time)},
    {"units", offsetof(LTS_Event, units)},
};

static const Field eventTexts[] = {
    {"message", offsetof(LTS_Event, message)},
};

static const List parameterLists[] = {
    {"limitedLicenseModules", offsetof(LTS_ConnectionParameters, limitedLicenseModules),
     offsetof(LTS_ConnectionParameters, limitedLicenseModulesCount)},
};
/* generated: end */

/* What texts are converted with; set by JNI_OnLoad. */
static jclass stringClass;
static jmethodID stringFromBytes;
static jmethodID stringGetBytes;
static jobject utf8;

/* ---- Texts ------------------------------------------------------------- */

/* A Java string; NULL with an exception pending if memory is out. */
static jstring newString(JNIEnv *env, const char *text) {
  const jsize length = (jsize)strlen(text);
  jbyteArray bytes = (*env)->NewByteArray(env, length);
  if (bytes == NULL) {
    return NULL;
  }
  (*env)->SetByteArrayRegion(env, bytes, 0, length, (const jbyte *)text);
  jstring string = (*env)->NewObject(env, stringClass, stringFromBytes, bytes, utf8);
  (*env)->DeleteLocalRef(env, bytes);
  return (*env)->ExceptionCheck(env) ? NULL : string;
}

/* Copies a Java string to *text, to be freed; a null gives NULL. Returns LTS_OK;
 * LTS_ERR_INVALID_ARGUMENT if it contains a NUL character, which C would take for
 * its end; LTS_ERR_INTERNAL with an exception pending. */
static jint copyString(JNIEnv *env, jstring string, char **text) {
  *text = NULL;
  if (string == NULL) {
    return LTS_OK;
  }
  jbyteArray bytes = (*env)->CallObjectMethod(env, string, stringGetBytes, utf8);
  if ((*env)->ExceptionCheck(env)) {
    return LTS_ERR_INTERNAL;
  }
  const jsize length = (*env)->GetArrayLength(env, bytes);
  char *copy = calloc((size_t)length + 1, 1);
  if (copy != NULL) {
    (*env)->GetByteArrayRegion(env, bytes, 0, length, (jbyte *)copy);
  }
  (*env)->DeleteLocalRef(env, bytes);
  if (copy == NULL) {
    return LTS_ERR_INTERNAL;
  }
  if (strlen(copy) != (size_t)length) {
    free(copy);
    return LTS_ERR_INVALID_ARGUMENT;
  }
  *text = copy;
  return LTS_OK;
}

/* Puts a text into the first element of a String[1]. */
static void putString(JNIEnv *env, jobjectArray array, const char *text) {
  jstring string = newString(env, text);
  if (string != NULL) {
    (*env)->SetObjectArrayElement(env, array, 0, string);
  }
}

/* ---- Fields of Java objects -------------------------------------------- */

/* These return false with an exception pending. */

static bool setInts(JNIEnv *env, jobject object, const void *source, const Field *table,
                    size_t count) {
  jclass class = (*env)->GetObjectClass(env, object);
  for (size_t i = 0; i < count; i++) {
    jfieldID id = (*env)->GetFieldID(env, class, table[i].name, "I");
    if (id == NULL) {
      return false;
    }
    (*env)->SetIntField(env, object, id,
                        *(const int32_t *)((const char *)source + table[i].offset));
  }
  return true;
}

static bool setLongs(JNIEnv *env, jobject object, const void *source, const Field *table,
                     size_t count) {
  jclass class = (*env)->GetObjectClass(env, object);
  for (size_t i = 0; i < count; i++) {
    jfieldID id = (*env)->GetFieldID(env, class, table[i].name, "J");
    if (id == NULL) {
      return false;
    }
    (*env)->SetLongField(env, object, id,
                         *(const int64_t *)((const char *)source + table[i].offset));
  }
  return true;
}

/* The texts of the source are character arrays in the struct. */
static bool setTexts(JNIEnv *env, jobject object, const void *source, const Field *table,
                     size_t count) {
  jclass class = (*env)->GetObjectClass(env, object);
  for (size_t i = 0; i < count; i++) {
    jfieldID id = (*env)->GetFieldID(env, class, table[i].name, "Ljava/lang/String;");
    if (id == NULL) {
      return false;
    }
    jstring string = newString(env, (const char *)source + table[i].offset);
    if (string == NULL) {
      return false;
    }
    (*env)->SetObjectField(env, object, id, string);
    (*env)->DeleteLocalRef(env, string);
  }
  return true;
}

/* ---- Connection parameters --------------------------------------------- */

static char **textField(LTS_ConnectionParameters *parameters, size_t i) {
  return (char **)((char *)parameters + parameterTexts[i].offset);
}

static int32_t **listField(LTS_ConnectionParameters *parameters, size_t i) {
  return (int32_t **)((char *)parameters + parameterLists[i].values);
}

static void freeParameters(LTS_ConnectionParameters *parameters) {
  for (size_t i = 0; i < COUNT(parameterTexts); i++) {
    free(*textField(parameters, i));
  }
  for (size_t i = 0; i < COUNT(parameterLists); i++) {
    free(*listField(parameters, i));
  }
}

static jint copyTexts(JNIEnv *env, jobject object, jclass class,
                      LTS_ConnectionParameters *parameters, char *message) {
  for (size_t i = 0; i < COUNT(parameterTexts); i++) {
    jfieldID id = (*env)->GetFieldID(env, class, parameterTexts[i].name, "Ljava/lang/String;");
    if (id == NULL) {
      return LTS_ERR_INTERNAL;
    }
    jstring string = (*env)->GetObjectField(env, object, id);
    const jint status = copyString(env, string, textField(parameters, i));
    (*env)->DeleteLocalRef(env, string);
    if (status == LTS_ERR_INVALID_ARGUMENT) {
      snprintf(message, MESSAGE_SIZE, "%s contains a NUL character.", parameterTexts[i].name);
    }
    if (status != LTS_OK) {
      return status;
    }
  }
  return LTS_OK;
}

static jint copyNumbers(JNIEnv *env, jobject object, jclass class,
                        LTS_ConnectionParameters *parameters) {
  for (size_t i = 0; i < COUNT(parameterNumbers); i++) {
    jfieldID id = (*env)->GetFieldID(env, class, parameterNumbers[i].name, "I");
    if (id == NULL) {
      return LTS_ERR_INTERNAL;
    }
    *(int32_t *)((char *)parameters + parameterNumbers[i].offset) =
        (*env)->GetIntField(env, object, id);
  }
  return LTS_OK;
}

static jint copyLists(JNIEnv *env, jobject object, jclass class,
                      LTS_ConnectionParameters *parameters) {
  for (size_t i = 0; i < COUNT(parameterLists); i++) {
    jfieldID id = (*env)->GetFieldID(env, class, parameterLists[i].name, "[I");
    if (id == NULL) {
      return LTS_ERR_INTERNAL;
    }
    jintArray array = (*env)->GetObjectField(env, object, id);
    if (array == NULL) {
      continue;
    }
    const jsize count = (*env)->GetArrayLength(env, array);
    int32_t *values = calloc((size_t)count + 1, sizeof *values);
    if (values == NULL) {
      return LTS_ERR_INTERNAL;
    }
    (*env)->GetIntArrayRegion(env, array, 0, count, values);
    *listField(parameters, i) = values;
    *(int32_t *)((char *)parameters + parameterLists[i].count) = count;
    (*env)->DeleteLocalRef(env, array);
  }
  return LTS_OK;
}

/* Fills *parameters from a Java object; freeParameters is due in any case. On an
 * error the message says what is wrong. */
static jint copyParameters(JNIEnv *env, jobject object, LTS_ConnectionParameters *parameters,
                           char *message) {
  LTS_InitLTSConnectionParameters(parameters, sizeof *parameters);
  for (size_t i = 0; i < COUNT(parameterTexts); i++) {
    *textField(parameters, i) = NULL;
  }
  for (size_t i = 0; i < COUNT(parameterLists); i++) {
    *listField(parameters, i) = NULL;
  }
  jclass class = (*env)->GetObjectClass(env, object);
  snprintf(message, MESSAGE_SIZE, "%s", LTS_StatusMessage(LTS_ERR_INTERNAL));
  jint status = copyTexts(env, object, class, parameters, message);
  if (status == LTS_OK) {
    status = copyNumbers(env, object, class, parameters);
  }
  if (status == LTS_OK) {
    status = copyLists(env, object, class, parameters);
  }
  return status;
}

/* ---- The functions of org.openlts.Native -------------------------------- */

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_org_openlts_Native_##name

NATIVE(jstring, version)(JNIEnv *env, jclass class) {
  (void)class;
  return newString(env, LTS_Version());
}

NATIVE(jint, abiVersion)(JNIEnv *env, jclass class) {
  (void)env;
  (void)class;
  return LTS_ABIVersion();
}

NATIVE(jstring, statusName)(JNIEnv *env, jclass class, jint status) {
  (void)class;
  return newString(env, LTS_StatusName(status));
}

NATIVE(jstring, statusMessage)(JNIEnv *env, jclass class, jint status) {
  (void)class;
  return newString(env, LTS_StatusMessage(status));
}

/* Sets the numbers; texts have no default but null, which a new object holds. */
NATIVE(jint, initLTSConnectionParameters)(JNIEnv *env, jclass class, jobject object) {
  (void)class;
  LTS_ConnectionParameters parameters;
  const jint status = LTS_InitLTSConnectionParameters(&parameters, sizeof parameters);
  if (status == LTS_OK) {
    setInts(env, object, &parameters, parameterNumbers, COUNT(parameterNumbers));
  }
  return status;
}

/* Hands the result of an initialization to Java. */
static jint opened(JNIEnv *env, jint status, LTS_License license, const char *message,
                   jlongArray licenseOut, jobjectArray messageOut) {
  if ((*env)->ExceptionCheck(env)) {
    return status;
  }
  if (status == LTS_OK) {
    const jlong handle = license;
    (*env)->SetLongArrayRegion(env, licenseOut, 0, 1, &handle);
  } else {
    putString(env, messageOut, message);
  }
  return status;
}

NATIVE(jint, initLicenseFromLTS)
(JNIEnv *env, jclass class, jobject object, jlongArray licenseOut, jobjectArray messageOut) {
  (void)class;
  LTS_ConnectionParameters parameters;
  LTS_License license = 0;
  char message[MESSAGE_SIZE] = "";
  jint status;

  if (object == NULL) {
    status = LTS_InitLicenseFromLTS(NULL, &license, message, sizeof message);
  } else {
    status = copyParameters(env, object, &parameters, message);
    if (status == LTS_OK) {
      status = LTS_InitLicenseFromLTS(&parameters, &license, message, sizeof message);
    }
    freeParameters(&parameters);
  }
  return opened(env, status, license, message, licenseOut, messageOut);
}

NATIVE(jint, initLicense)
(JNIEnv *env, jclass class, jstring key, jobject object, jlongArray licenseOut,
 jobjectArray messageOut) {
  (void)class;
  LTS_ConnectionParameters parameters;
  LTS_License license = 0;
  char message[MESSAGE_SIZE] = "";
  char *licenseKey;

  jint status = copyString(env, key, &licenseKey);
  if (status != LTS_OK) {
    snprintf(message, sizeof message, "%s",
             status == LTS_ERR_INVALID_ARGUMENT ? "The license key contains a NUL character."
                                                : LTS_StatusMessage(status));
  } else if (object == NULL) {
    status = LTS_InitLicense(licenseKey, NULL, &license, message, sizeof message);
  } else {
    status = copyParameters(env, object, &parameters, message);
    if (status == LTS_OK) {
      status = LTS_InitLicense(licenseKey, &parameters, &license, message, sizeof message);
    }
    freeParameters(&parameters);
  }
  free(licenseKey);
  return opened(env, status, license, message, licenseOut, messageOut);
}

NATIVE(jint, defineOperationType)
(JNIEnv *env, jclass class, jlong license, jstring nameIn, jintArray operationTypeOut) {
  (void)class;
  char *name;
  int32_t operationType = 0;
  jint status = copyString(env, nameIn, &name);
  if (status == LTS_OK) {
    status = LTS_DefineOperationType(license, name, &operationType);
    free(name);
  }
  if (status == LTS_OK) {
    (*env)->SetIntArrayRegion(env, operationTypeOut, 0, 1, &operationType);
  }
  return status;
}

NATIVE(jint, recordOperation)
(JNIEnv *env, jclass class, jlong license, jint operationType, jint count) {
  (void)env;
  (void)class;
  return LTS_RecordOperation(license, operationType, count);
}

NATIVE(jint, recordOperationAt)
(JNIEnv *env, jclass class, jlong license, jint operationType, jint count, jlong time) {
  (void)env;
  (void)class;
  return LTS_RecordOperationAt(license, operationType, count, time);
}

NATIVE(jint, submitReports)(JNIEnv *env, jclass class, jlong license, jint timeoutMilliseconds) {
  (void)env;
  (void)class;
  return LTS_SubmitReports(license, timeoutMilliseconds);
}

NATIVE(jint, pollEvent)
(JNIEnv *env, jclass class, jlong license, jobject object, jint timeoutMilliseconds) {
  (void)class;
  LTS_Event event = {.structSize = sizeof event};
  const jint result = LTS_PollEvent(license, &event, timeoutMilliseconds);
  if (result == 1 && setInts(env, object, &event, eventInts, COUNT(eventInts)) &&
      setLongs(env, object, &event, eventLongs, COUNT(eventLongs))) {
    setTexts(env, object, &event, eventTexts, COUNT(eventTexts));
  }
  return result;
}

NATIVE(jint, getLicenseInfo)(JNIEnv *env, jclass class, jlong license, jobject object) {
  (void)class;
  LTS_LicenseInfo info = {.structSize = sizeof info};
  const jint status = LTS_GetLicenseInfo(license, &info);
  if (status == LTS_OK && setInts(env, object, &info, infoInts, COUNT(infoInts)) &&
      setLongs(env, object, &info, infoLongs, COUNT(infoLongs))) {
    setTexts(env, object, &info, infoTexts, COUNT(infoTexts));
  }
  return status;
}

NATIVE(jint, getDeviceUUID)(JNIEnv *env, jclass class, jobject object, jobjectArray uuidOut) {
  (void)class;
  LTS_ConnectionParameters parameters;
  char message[MESSAGE_SIZE];
  char uuid[UUID_SIZE] = "";
  jint status;

  if (object == NULL) {
    status = LTS_GetDeviceUUID(NULL, uuid, sizeof uuid);
  } else {
    status = copyParameters(env, object, &parameters, message);
    if (status == LTS_OK) {
      status = LTS_GetDeviceUUID(&parameters, uuid, sizeof uuid);
    }
    freeParameters(&parameters);
  }
  if (status == LTS_OK) {
    putString(env, uuidOut, uuid);
  }
  return status;
}

NATIVE(jint, closeLicense)(JNIEnv *env, jclass class, jlong license, jint timeoutMilliseconds) {
  (void)env;
  (void)class;
  return LTS_CloseLicense(license, timeoutMilliseconds);
}

/* ---- Loading ------------------------------------------------------------ */

/* Sets up the conversion of texts; false with an exception pending. */
static bool findStringMethods(JNIEnv *env) {
  jclass string = (*env)->FindClass(env, "java/lang/String");
  jclass charsets =
      string == NULL ? NULL : (*env)->FindClass(env, "java/nio/charset/StandardCharsets");
  if (charsets == NULL) {
    return false;
  }
  jfieldID field = (*env)->GetStaticFieldID(env, charsets, "UTF_8", "Ljava/nio/charset/Charset;");
  if (field == NULL) {
    return false;
  }
  stringFromBytes = (*env)->GetMethodID(env, string, "<init>", "([BLjava/nio/charset/Charset;)V");
  if (stringFromBytes == NULL) {
    return false;
  }
  stringGetBytes = (*env)->GetMethodID(env, string, "getBytes", "(Ljava/nio/charset/Charset;)[B");
  if (stringGetBytes == NULL) {
    return false;
  }
  stringClass = (*env)->NewGlobalRef(env, string);
  utf8 = (*env)->NewGlobalRef(env, (*env)->GetStaticObjectField(env, charsets, field));
  return stringClass != NULL && utf8 != NULL;
}

/* Refuses to work with a library of an older interface, which could lack what this file was
 * compiled with. A newer one has it all. */
JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved) {
  (void)reserved;
  JNIEnv *env;
  if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION) != JNI_OK) {
    return JNI_ERR;
  }
  if (LTS_ABIVersion() < LTS_ABI_VERSION) {
    char message[MESSAGE_SIZE];
    snprintf(message, sizeof message,
             "The OpenLTS library has version %d of the interface, the JNI shim needs version %d "
             "or newer. "
             "Install the two files that belong together.",
             LTS_ABIVersion(), LTS_ABI_VERSION);
    jclass error = (*env)->FindClass(env, "java/lang/UnsatisfiedLinkError");
    if (error != NULL) {
      (*env)->ThrowNew(env, error, message);
    }
    return JNI_ERR;
  }
  return findStringMethods(env) ? JNI_VERSION : JNI_ERR;
}

/* The class loader is gone that this shim was loaded for. */
JNIEXPORT void JNICALL JNI_OnUnload(JavaVM *vm, void *reserved) {
  (void)reserved;
  JNIEnv *env;
  if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION) == JNI_OK) {
    (*env)->DeleteGlobalRef(env, stringClass);
    (*env)->DeleteGlobalRef(env, utf8);
  }
}
